"""What a person may type about accounts."""

from portal.accounts.forms.factors import FactorForm
from portal.accounts.forms.keys import KeyForm, SigningKeyForm
from portal.accounts.forms.officers import (
    InviteForm,
    ParticularsForm,
    PasswordForm,
    PlanForm,
    ReasonForm,
    RoleForm,
    RosterForm,
)
from portal.accounts.forms.signing_in import (
    ChangePasswordForm,
    PasskeyForm,
    ProveForm,
    SecondForm,
    SignInForm,
    TokenForm,
)

__all__ = [
    "ChangePasswordForm",
    "FactorForm",
    "InviteForm",
    "KeyForm",
    "ParticularsForm",
    "PasskeyForm",
    "PasswordForm",
    "PlanForm",
    "ProveForm",
    "ReasonForm",
    "RoleForm",
    "RosterForm",
    "SecondForm",
    "SignInForm",
    "SigningKeyForm",
    "TokenForm",
]
