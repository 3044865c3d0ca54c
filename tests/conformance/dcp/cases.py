"""The cases of the DCP kit 1.0.2, by its packages and in its own words.

Its names are not unique among packages, so that a case is called by role and name. Those in
``DISABLED`` carry @Disabled in the kit: their bodies say "not implemented yet".
"""

from collections.abc import Mapping
from typing import Final

PACKAGE: Final = "org.eclipse.dataspacetck.dcp.verification"
# role → package of the kit
PACKAGES: Final[Mapping[str, str]] = {
    "verifier": f"{PACKAGE}.presentation.verifier",
    "credential service": f"{PACKAGE}.presentation.cs",
    "issuance": f"{PACKAGE}.issuance.cs",
    "issuer": f"{PACKAGE}.issuance.issuer",
}
CASES: Final[Mapping[str, tuple[str, ...]]] = {
    "verifier": (
        "4.3.1 Verifier should reject an ID token that does not contain an access token",
        "4.3.3 Verify invalid access token - auth token bound to a different iss/sub",
        "4.3.3 Verify invalid access token - expired",
        "4.3.3 Verify invalid access token - incorrect aud",
        "4.3.3 Verify invalid access token - iss and sub different",
        "4.3.3 Verify invalid access token - jti",
        "4.3.3 Verify invalid access token - nbf in future",
        "4.3.3 Verify invalid access token - sub does not match DID document id",
        "5.1 Verifier should accept a valid PresentationResponseMessage",
        "5.4.2.1 Verifier should reject a presentation response message that contains a "
        "different credential than requested",
        "5.4.2.2 Verifier should accept a presentation response message that contains "
        "more credentials than requested",
        "5.4.2.3 Verifier should reject an empty 'presentation' array",
        "5.4.2.4 Verifier should reject an a presentation where a requested credential "
        "is missing",
        "5.4.3 Verifier should reject Presentations where the holder does not match the "
        "credentialSubject.id",
        "5.4.3.6 Verifier should reject Presentations where at least 1 credential is "
        "revoked/suspended",
        "5.4.3.6 Verifier should reject a credential that is not yet valid",
        "5.4.3.7 Verifier should reject an expired credential",
        "Verifier should reject an auth token without the Bearer prefix",
        "Verifier should resolve the DID from the prover's ID token",
        "X.X Verifier should reject Presentations where at least 1 credential schema is "
        "violated",
    ),
    "credential service": (
        "4.3.3 Verify invalid access token - auth token bound to a different iss/sub",
        "4.3.3 Verify invalid access token - expired",
        "4.3.3 Verify invalid access token - incorrect aud",
        "4.3.3 Verify invalid access token - iss and sub different",
        "4.3.3 Verify invalid access token - jti",
        "4.3.3 Verify invalid access token - nbf in future",
        "4.3.3 Verify invalid access token - sub does not match DID document id",
        "5.2 Verify Credential Service endpoint discovery",
        "5.3.1 Verify submitting an invalid access token header",
        "5.4 Verify Resolution API invalid token not authorized",
        "5.4.1.1 Verify Resolution API rejects an empty 'presentationDefinition' object",
        "5.4.1.2 Verify Resolution API invalid scope escalation request for a "
        "SensitiveDataCredential",
        "5.4.1.2 Verify Resolution API rejects an empty (or absent) 'scope' array",
        "5.4.1.2 Verify Resolution API request does not contain a scope and "
        "presentation definition",
        "5.4.1.2 Verify Resolution API scope request for a MembershipCredential",
        "5.4.1.2 Verify Resolution API with less scopes than requested for a "
        "SensitiveDataCredential",
    ),
    "issuance": (
        "6.5.1 CredentialService rejects a CredentialMessage where the auth header has "
        "no bearer prefix",
        "6.5.1 CredentialService rejects a CredentialMessage with an invalid message body",
        "6.5.1 CredentialService rejects a CredentialMessage with no auth header",
        "6.5.1 CredentialService rejects an invalid auth token - iat in the future",
        "6.5.1 CredentialService rejects an invalid auth token - incorrect aud",
        "6.5.1 CredentialService rejects an invalid auth token - iss != sub",
        "6.5.1 CredentialService rejects an invalid auth token - jti used before",
        "6.5.1 CredentialService rejects an invalid auth token - nbf",
        "6.5.1 CredentialService rejects an invalid auth token - token expired",
        "6.5.1 CredentialService rejects an invalid auth token - wrong signing key",
        "6.5.1 CredentialService rejects an invalid status string",
        "6.5.1 CredentialService should accept expected CredentialMessage",
        "6.6.1 CredentialService rejects a CredentialOfferMessage where the auth header "
        "has no bearer prefix",
        "6.6.1 CredentialService rejects a CredentialOfferMessage with an invalid message body",
        "6.6.1 CredentialService rejects a CredentialOfferMessage with no auth header",
        "6.6.1 CredentialService rejects an invalid auth token - iat in the future",
        "6.6.1 CredentialService rejects an invalid auth token - incorrect aud",
        "6.6.1 CredentialService rejects an invalid auth token - iss != sub",
        "6.6.1 CredentialService rejects an invalid auth token - jti used before",
        "6.6.1 CredentialService rejects an invalid auth token - nbf",
        "6.6.1 CredentialService rejects an invalid auth token - token expired",
        "6.6.1 CredentialService rejects an invalid auth token - wrong signing key",
        "6.6.1 CredentialService should accept CredentialOfferMessage",
        "6.6.1 CredentialService should accept CredentialOfferMessage (only IDs)",
    ),
    "issuer": (
        "6.2 Endpoint Discovery",
        "6.4.1 IssuerService should accept a CredentialRequest",
        "6.4.10 IssuerService should reject a CredentialRequest with an invalid token "
        "- iss != sub",
        "6.4.11 IssuerService should reject a CredentialRequest with an invalid token "
        "- jti already used",
        "6.4.12 IssuerService should reject a CredentialRequest with a missing holderPid",
        "6.4.2 IssuerService should reject a CredentialRequest without an Authorization header",
        "6.4.3 IssuerService should reject a CredentialRequest where the auth header "
        "does not have a Bearer prefix",
        "6.4.4 IssuerService should reject a CredentialRequest with an invalid body",
        "6.4.5 IssuerService should reject a CredentialRequest with an invalid token - "
        "wrong signature",
        "6.4.6 IssuerService should reject a CredentialRequest with an invalid token - expired",
        "6.4.7 IssuerService should reject a CredentialRequest with an invalid token - "
        "iat in future",
        "6.4.8 IssuerService should reject a CredentialRequest with an invalid token - "
        "nbf in future",
        "6.4.9 IssuerService should reject a CredentialRequest with an invalid token - "
        "incorrect aud",
        "6.7 Verify correct Issuer Metadata",
        "6.8.1 IssuerService should respond with a status message",
        "6.8.10 IssuerService should reject a CredentialRequest with an invalid token "
        "- iss != sub",
        "6.8.11 IssuerService should reject a CredentialRequest with an invalid token "
        "- jti already used",
        "6.8.12 IssuerService should respond with 4xx if the request ID is not found",
        "6.8.2 IssuerService should reject a CredentialRequest without an Authorization header",
        "6.8.3 IssuerService should reject a CredentialRequest where the auth header "
        "does not have a Bearer prefix",
        "6.8.5 IssuerService should reject a CredentialRequest with an invalid token - "
        "wrong signature",
        "6.8.6 IssuerService should reject a CredentialRequest with an invalid token - expired",
        "6.8.7 IssuerService should reject a CredentialRequest with an invalid token - "
        "iat in future",
        "6.8.8 IssuerService should reject a CredentialRequest with an invalid token - "
        "nbf in future",
        "6.8.9 IssuerService should reject a CredentialRequest with an invalid token - "
        "incorrect aud",
    ),
}
# Two of the kit's three disabled tests bear one name.
DISABLED: Final = (
    "5.4.1.1 Verify Resolution API presentation definition request for a MembershipCredential",
    "5.4.1.1 Verify Resolution API presentation definition request for a "
    "MembershipCredential (2)",
    "5.4.1.2 Verify Resolution API presentation definition less types than requested for a "
    "SensitiveDataCredential",
)
