"""What a person may type about accounts."""

from portal.accounts.forms.officers import OfficerForm
from portal.accounts.forms.signing_in import SignInForm

__all__ = ["OfficerForm", "SignInForm"]
