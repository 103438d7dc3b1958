"""The patterns of keys: detect-secrets' own ones, and those of issuers that it does not cover.

The prefixes and lengths are the issuers', as in GitHub's list of supported secret scanning patterns and in
gitleaks' list of rules (config/gitleaks.toml). Where the two differ, the shorter length counts.
"""

import re
from collections.abc import Iterator

# Plugins of detect-secrets without a false alarm here. The others look for a random string next to a word
# (azure_storage_key takes every hash of a lock file for a key), or for services of IBM.
_PLUGINS = {
    "artifactory": "ArtifactoryDetector",
    "aws": "AWSKeyDetector",
    "discord": "DiscordBotTokenDetector",
    "github_token": "GitHubTokenDetector",
    "jwt": "JwtTokenDetector",
    "mailchimp": "MailchimpDetector",
    "npm": "NpmDetector",
    "sendgrid": "SendGridDetector",
    "slack": "SlackDetector",
    "square_oauth": "SquareOAuthDetector",
    "stripe": "StripeDetector",
    "twilio": "TwilioKeyDetector",
}

# "api03" and "admin01" follow Anthropic's prefix.
_PREFIXED = {
    "Anthropic API key": r"sk-ant-[a-z]+[0-9]{2}-[A-Za-z0-9_-]{20,}",
    "OpenAI API key": r"sk-(?:(?:proj|svcacct|admin|service)-[A-Za-z0-9_-]{20,}|[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20})",
    "OpenRouter API key": r"sk-or-v1-[0-9a-f]{64}",
    "Groq API key": r"gsk_[A-Za-z0-9]{48,}",
    "Perplexity API key": r"pplx-[A-Za-z0-9]{48}",
    "Replicate API token": r"r8_[A-Za-z0-9]{37}",
    "xAI API key": r"xai-[A-Za-z0-9]{70,}",
    "LangSmith API key": r"lsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}",
    "Langfuse secret key": r"sk-lf-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "Confident AI API key": r"confident_(?:us|eu)_[A-Za-z0-9+/=_-]{20,}",
    "Hugging Face token": r"(?:hf_|api_org_)[A-Za-z0-9]{34}",
    "Amazon Bedrock API key": r"ABSK[A-Za-z0-9+/]{109,}|bedrock-api-key-[A-Za-z0-9+/=]{40,}",
    "Google API key": r"AIza[A-Za-z0-9_-]{35}",
    "Google OAuth secret": r"GOCSPX-[A-Za-z0-9_-]{28}",
    "Google access token": r"ya29\.[A-Za-z0-9_-]{30,}",
    "GitHub fine-grained token": r"github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}",
    "GitLab token": (
        r"gl(?:pat|dt|rt|rtr|cbt|ptt|ft|imt|agent|oas|soat|ffct)-[A-Za-z0-9_.-]{20,}"
        r"|GR1348941[A-Za-z0-9_-]{20}"
    ),
    "PyPI token": r"pypi-AgE[A-Za-z0-9_-]{50,}",
    "RubyGems token": r"rubygems_[0-9a-f]{48}",
    "Docker Hub token": r"dckr_(?:pat|oat)_[A-Za-z0-9_-]{27,}",
    "Slack webhook": r"hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/[A-Za-z0-9_/+-]{30,}",
    "Slack token": r"xapp-[0-9]-[A-Z0-9]+-[0-9]+-[A-Za-z0-9]+|xoxe(?:\.xox[bp])?-[0-9]-[A-Za-z0-9]{100,}|xox[bp]-[0-9]{8,14}-[A-Za-z0-9-]{18,}",
    "Grafana token": r"glsa_[A-Za-z0-9]{32}_[0-9A-Fa-f]{8}|glc_[A-Za-z0-9+/]{32,}",
    "Datadog token": r"ddapp_[A-Za-z0-9]{34}",
    "New Relic key": r"NRAK-[A-Z0-9]{27}",
    "PagerDuty key": r"pdus\+_[0-9A-Za-z]{20,}",
    "Sentry token": r"sntryu_[0-9a-f]{64}|sntrys_[A-Za-z0-9+/=_]{60,}",
    "ClickHouse Cloud key": r"4b1d[A-Za-z0-9]{38}(?![A-Za-z0-9])",
    "Databricks token": r"dapi[0-9a-f]{32}",
    "DigitalOcean token": r"do[opr]_v1_[0-9a-f]{64}",
    "Vault token": r"hv[sb]\.[A-Za-z0-9_-]{90,}",
    "HCP Terraform token": r"[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{60,}",
    "Pulumi token": r"pul-[0-9a-f]{40}",
    "Doppler token": r"dp\.(?:pt|st|sa|ct|scim|audit)\.(?:[a-z0-9_-]+\.)?[A-Za-z0-9]{40,}",
    "1Password service account token": r"ops_eyJ[A-Za-z0-9+/]{250,}",
    "Azure client secret": r"[A-Za-z0-9_~.]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,34}",
    "Atlassian token": r"ATATT3[A-Za-z0-9_=-]{180,}",
    "Linear key": r"lin_api_[A-Za-z0-9]{40}",
    "Notion token": r"ntn_[0-9]{11}[A-Za-z0-9]{35}",
    "Heroku key": r"HRKU-AA[A-Za-z0-9_-]{58}",
    "Postman key": r"PMAK-[0-9a-f]{24}-[0-9a-f]{34}",
    "Shopify token": r"shp(?:at|ca|pa|ss)_[0-9A-Fa-f]{32}",
    "Stripe key": r"[sr]k_(?:test|live|prod)_[A-Za-z0-9]{10,}",
    "age key": r"AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}",
}

_OTHER = {
    # Datadog's API keys (32) and application keys (40) are hexadecimal without a prefix: the name shows them.
    "Datadog key": (
        r"(?i)\b(?:dd|datadog)[_-]?(?:(?:api|app|application|client)[_-]?)?(?:key|token)"
        r"[\"']?\s*[:=]\s*[\"']?[0-9a-f]{32}(?:[0-9a-f]{8})?\b"
    ),
    # A value that is filled in later has a brace, an angle bracket or a dollar sign: it is no password.
    "password in a URL": r"[A-Za-z][A-Za-z0-9+.-]*://[^\s/?#@:\"'`<>{}]*:(?!\$)[^\s/?#@\"'`<>{}]{3,}@[A-Za-z0-9\[]",
    # The first bytes of a PEM or OpenSSH key. The first line alone is also in code that reads keys, so
    # content must follow; between them is a line break, possibly escaped inside a string.
    "private key": (
        r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----(?:\s|\\+[nr])*"
        r"(?:[A-Za-z-]+: [^\n]*\s+)*[A-Za-z0-9+/=]{32,}"
    ),
}


def patterns() -> Iterator[tuple[str, re.Pattern[str]]]:
    """Kind → pattern of a key."""
    from importlib import import_module

    # Only its patterns are used: its own scan silently skips files that it cannot decode.
    for module, detector in _PLUGINS.items():
        plugin = getattr(import_module(f"detect_secrets.plugins.{module}"), detector)
        for pattern in plugin.denylist:
            yield plugin.secret_type, pattern
    for kind, text in {**_PREFIXED, **_OTHER}.items():
        yield kind, re.compile(text)
