"""The profile of this node: Dataspace Protocol 2025-1 with the policies of Catena-X Titan.

Sources: Dataspace Protocol 2025-1-err1, common requirements and HTTPS bindings; CX-0018
section 2.2.1 (property names of a pull) and CX-0152 1.1.0 (contexts), both as transcribed in
careful secondary notes. Read: 2026-11-23.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Profile:
    """What a dataspace profile fixes: version, path, contexts, formats, names."""

    id: str
    version: str
    path: str
    binding: str
    identifier_type: str
    contexts: tuple[str, ...]  # of every message
    policy_contexts: tuple[str, ...]  # of messages that carry a policy
    policy_profile: str
    formats: tuple[str, ...]  # the first is the usual one
    push_format: str
    callback_path: str
    refresh_path: str
    endpoint_names: tuple[str, ...]
    token_names: tuple[str, ...]
    auth_type_names: tuple[str, ...]
    expires_in_names: tuple[str, ...]
    digest_names: tuple[str, ...]
    refresh_token_names: tuple[str, ...]
    refresh_endpoint_names: tuple[str, ...]
    refresh_audience_names: tuple[str, ...]
    token_seconds: int


_DSPACE = "https://w3id.org/dspace/2025/1/context.jsonld"
_ODRL = "https://w3id.org/dspace/2025/1/odrl-profile.jsonld"
_CX_POLICY = "https://w3id.org/catenax/2025/9/policy/"
_TRACTUS_X = "https://w3id.org/tractusx/auth/"
_EDC = "https://w3id.org/edc/v0.0.1/ns/"

DSP_2025_1 = Profile(
    id="dsp-2025-1",
    version="2025-1",
    path="/2025-1",
    binding="HTTPS",
    identifier_type="did:web",
    contexts=(_DSPACE,),
    policy_contexts=(_DSPACE, _ODRL, f"{_CX_POLICY}context.jsonld"),
    policy_profile=_CX_POLICY,
    formats=("HttpData-PULL", "HttpData-PUSH"),
    push_format="HttpData-PUSH",
    callback_path="/callback",
    refresh_path="/data-tokens/refresh",
    # The DSP examples use the short names, Catena-X the long ones: we write and read both.
    # EDC knows no member for the endpoint, only this property; seen in what 0.14.0 sends.
    endpoint_names=(f"{_EDC}endpoint",),
    token_names=(f"{_EDC}authorization", "authorization"),
    auth_type_names=(f"{_EDC}authType", "authType"),
    expires_in_names=("https://w3id.org/tractusx/auth/expiresIn", "expiresIn"),
    digest_names=("https://w3id.org/saltbridge/v1/digest",),
    refresh_token_names=(f"{_TRACTUS_X}refreshToken",),
    refresh_endpoint_names=(f"{_TRACTUS_X}refreshEndpoint",),
    refresh_audience_names=(f"{_TRACTUS_X}refreshAudience",),
    token_seconds=300,
)
