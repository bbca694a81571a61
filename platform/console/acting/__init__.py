"""Acts of staff in the console: each is declared once, and has a dialog, buttons and a guard against doing it twice."""

from console.acting.declaring import ConsoleAct, Given, console_act
from console.acting.forms import ActForm
from console.acting.preview import Done, Preview, total_of

__all__ = ["ActForm", "ConsoleAct", "Done", "Given", "Preview", "console_act", "total_of"]
