"""What a person may type to sign in, to prove that it is them, and to choose another password."""

from collections.abc import Callable
from typing import TypeVar

from wtforms import HiddenField, PasswordField
from wtforms.validators import EqualTo, InputRequired, Length

from portal.accounts.commands.proving import SignInFailed
from portal.core import audit
from portal.core.access import Actor
from portal.core.forms import Form, TextField
from portal.core.i18n import _

R = TypeVar("R")
A_CODE = {"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false"}


class ProofForm(Form):
    """A form whose answer proves who somebody is; a failure becomes the error of the field that did not fit."""

    def proves(self, act: Callable[[], R]) -> R | None:
        """Validate, then ask; None when nothing was proven."""
        if not self.validate():
            return None
        try:
            return act()
        except SignInFailed as failed:
            name = failed.field if failed.field in self._fields else next(iter(self._fields))
            self[name].errors = [*self[name].errors, str(failed)]
            return None


class SignInForm(ProofForm):
    """User name and password."""

    username = TextField(_("User name"), [InputRequired(), Length(max=80)])
    password = PasswordField(_("Password"), [InputRequired(), Length(max=200)])


class TokenForm(SignInForm):
    """What a program sends for a token: also a code, where the officer has a second factor."""

    otp = TextField(_("Code of the authenticator app, or a recovery code"), [Length(max=40)])


class PasskeyForm(ProofForm):
    """The answer of a passkey, put in by the page's script."""

    credential = HiddenField(_("Passkey"), [Length(max=20_000)])


class SecondForm(PasskeyForm):
    """The second step: a code of the app or a recovery code, or a passkey."""

    code = TextField(_("Code"), [Length(max=40)], render_kw=A_CODE)


class ProveForm(SecondForm):
    """A fresh proof; the password counts only for officers without a second factor."""

    password = PasswordField(_("Password"), [Length(max=200)])


class ChangePasswordForm(Form):
    """The old password and the new one."""

    old = PasswordField(
        _("Password until now"), [InputRequired(), Length(max=200)], render_kw={"autocomplete": "current-password"}
    )
    new = PasswordField(
        _("New password"),
        [InputRequired()],
        description=_("12 characters or more. Several words that do not belong together are easy to keep."),
        render_kw={"autocomplete": "new-password"},
    )
    repeated = PasswordField(
        _("The same once more"),
        [InputRequired(), EqualTo("new", message=_("The two are not the same."))],
        render_kw={"autocomplete": "new-password"},
    )

    def run(self, command: Callable[..., R], actor: Actor, *args: object, **more: object) -> R | None:
        """As any form; a wrong old password is also put on record, for it may be somebody else at this desk."""
        done = super().run(command, actor, *args, **more)
        if done is None and self.old.errors:
            audit.witness("accounts.prove", "failed", actor=actor, name=actor.name, why="password")
        return done
