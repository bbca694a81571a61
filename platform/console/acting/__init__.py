"""Acts of staff in the console: each is declared once, and has a dialog, buttons and a guard against doing it twice."""

from console.acting.declaring import ConsoleAct, Given, console_act, count_of
from console.acting.forms import ActForm
from console.acting.preview import Done, Preview, in_words

__all__ = ["ActForm", "ConsoleAct", "Done", "Given", "Preview", "console_act", "count_of", "in_words"]
