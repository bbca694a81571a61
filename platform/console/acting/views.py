"""The dialog of an act: shown by GET, confirmed by POST."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods

from console.acting import submissions
from console.acting.carrying_out import carry_out
from console.acting.declaring import ConsoleAct, act_named
from console.acting.forms import ActForm
from console.acting.proposals import Proposal
from console.acting.submissions import Result
from console.models import Outcome
from database import sql
from database.display import list_of, page_of
from database.refusals import Refusal
from database.staff import RightMissing, act_in_console

# Set by our script, which shows the dialog over the page; without it, the dialog is a page of its own.
DIALOG = "X-Console-Dialog"
# Where our script goes next: it would follow a redirect with the request itself.
GO_TO = "X-Console-Go-To"
# They all stand in the dialog's address.
MOST_AT_ONCE = 100
CHANGED = "What this will do has changed. Read it again, then confirm."


@require_http_methods(["GET", "POST"])
def show_dialog(request: HttpRequest, name: str, key: str = "") -> HttpResponse:
    """Show what an act will do to the object with this key, or to those that `on` names; do it once confirmed."""
    act = act_named(name)
    if act is None:
        raise Http404(f"There is no act {name!r}.")
    if missing := act.missing_right(request.user):
        raise PermissionDenied(str(RightMissing(request.user.get_username(), missing)))
    dialog = _Dialog(request, act, [unquote(key)] if key else list(dict.fromkeys(request.GET.getlist("on"))))
    return dialog.open() if request.method == "GET" else dialog.confirm()


class _Dialog:
    """One request of one dialog."""

    def __init__(self, request: HttpRequest, act: ConsoleAct[Any], keys: Sequence[str]) -> None:
        self.request = request
        self.act = act
        self.keys = keys
        self.objects = self._read()
        self.user_id = int(request.user.pk or 0)

    def open(self) -> HttpResponse:
        """Show the preview, unless the act first has to be told more."""
        if self.act.form.own_fields():
            return self._show(self.act.form(initial=self.act.initial(self.objects[0])))
        proposal = self._propose({})
        return self._show(self.act.form(initial={"seen": proposal.digest}), proposal)

    def confirm(self) -> HttpResponse:
        """Do what the form asks for, if it is valid and the dialog showed what will be done."""
        form = self.act.form(self.request.POST)
        is_valid = form.is_valid()
        token = form.cleaned_data.get("token") or uuid4()
        if first := submissions.ended(token, user_id=self.user_id, act=self.act.name):
            return self._tell(first)
        if not is_valid:
            return self._show(form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
        proposal = self._propose(form.given)
        if proposal.parts and proposal.digest == form.cleaned_data["seen"]:
            return self._carry_out(form, proposal)
        # It may be this very form that changes something, sent a moment before.
        first = submissions.waited_for(token, user_id=self.user_id, act=self.act.name)
        return self._tell(first) if first else self._ask_again(form, proposal)

    def _carry_out(self, form: ActForm, proposal: Proposal) -> HttpResponse:
        try:
            act = act_in_console(self.request, self.act.right, form.cleaned_data["reason"])
        except Refusal as refusal:  # such as of a right that is too new
            notice, status = str(refusal), HTTPStatus.FORBIDDEN
            return self._show(form, proposal, notice=notice, can_confirm=False, status=status)
        result = submissions.once(
            form.cleaned_data["token"],
            user_id=self.user_id,
            act=self.act.name,
            carry_out=lambda: carry_out(proposal, form.given, act=act, now=sql.now()),
        )
        if result.outcome == Outcome.DONE:
            return self._tell(result)
        if result.outcome == Outcome.UNKNOWN:
            status = HTTPStatus.INTERNAL_SERVER_ERROR
            return self._show(form, notice=result.message, can_confirm=False, status=status)
        self.objects = self._read()
        return self._ask_again(form, self._propose(form.given), notice=result.message)

    def _read(self) -> list[Any]:
        """Read the objects in question; None stands for the platform."""
        if self.act.model is None:
            return [None]
        if not self.keys or len(self.keys) > (MOST_AT_ONCE if self.act.in_lists else 1):
            raise Http404("Choose what this is to be done to.")
        try:
            found = self.act.model._base_manager.in_bulk(self.keys)
        except (ValidationError, ValueError) as error:
            raise Http404("There is no such object.") from error
        if len(found) < len(self.keys):
            raise Http404("There is no such object.")
        return [found[key] for key in sorted(found)]  # the same order each time, as the digest tells of it

    def _propose(self, given: dict[str, Any]) -> Proposal:
        return Proposal.of(self.act, self.objects, given, username=self.request.user.get_username())

    def _obstructed(self) -> Proposal:
        return Proposal.obstructed(self.act, self.objects, username=self.request.user.get_username())

    @property
    def _back(self) -> str:
        """Where to go afterwards: to the page that led here."""
        asked = self.request.GET.get("back", "")
        if asked.isprintable() and url_has_allowed_host_and_scheme(asked, allowed_hosts=None):
            return asked
        if self.act.model is None:
            return reverse("admin:index")
        return page_of(self.objects[0]) if len(self.objects) == 1 else list_of(self.act.model)

    def _ask_again(self, form: ActForm, proposal: Proposal, *, notice: str = "") -> HttpResponse:
        """Show what will be done now, to be confirmed with another token."""
        is_first_look = not form.cleaned_data["seen"] and bool(proposal.parts) and not notice
        again = form.filled_in(token=str(uuid4()), seen=proposal.digest)
        status = HTTPStatus.OK if is_first_look else HTTPStatus.CONFLICT
        if proposal.parts and not is_first_look:
            notice = notice or CHANGED
        return self._show(again, proposal, notice=notice, status=status)

    def _tell(self, result: Result) -> HttpResponse:
        """Go back, and tell the result there."""
        message = format_html('<a class="pc-told" href="{}">{}</a>', result.link, result.message)
        level = messages.SUCCESS if result.outcome == Outcome.DONE else messages.ERROR
        messages.add_message(self.request, level, message if result.link else result.message)
        if DIALOG in self.request.headers:
            return HttpResponse(status=HTTPStatus.NO_CONTENT, headers={GO_TO: self._back})
        return HttpResponseRedirect(self._back, status=HTTPStatus.SEE_OTHER)

    def _show(
        self,
        form: ActForm,
        proposal: Proposal | None = None,
        *,
        notice: str = "",
        can_confirm: bool = True,
        status: HTTPStatus = HTTPStatus.OK,
    ) -> HttpResponse:
        asks_for_more = bool(form.own_fields())
        if proposal is None:
            proposal = self._obstructed() if asks_for_more else self._propose({})
        is_possible = bool(proposal.parts) or not proposal.left_out
        can_be_corrected = asks_for_more and not self._obstructed().left_out
        context = {
            "act": self.act,
            "title": self.act.title(self.objects),
            "form": form,
            "proposal": proposal,
            "can_confirm": can_confirm and (is_possible or can_be_corrected),
            "notice": notice,
            "back": self._back,
        }
        if not is_possible and status == HTTPStatus.OK:
            status = HTTPStatus.CONFLICT
        if DIALOG in self.request.headers:
            response = render(self.request, "console/acts/dialog.html", context, status=status)
        else:
            context = admin.site.each_context(self.request) | context
            response = render(self.request, "console/acts/page.html", context, status=status)
        response["Vary"] = DIALOG
        return response
