"""Texts with a secret of each kind, and texts that look like it and have none.

No secret is written out: their parts are put together when the tests run, so that scanners of
repositories find nothing here.
"""

import base64
import random
import string
from dataclasses import dataclass

UPPER = string.ascii_uppercase + "234567"
WORD = string.ascii_letters + string.digits
SLUG = WORD + "-_"
HEX = "0123456789abcdef"
BASE64 = WORD + "+/"


def made(alphabet: str, size: int, seed: int = 1) -> str:
    """The same random characters every time; each kind that the alphabet has occurs in them."""
    chance = random.Random(f"{alphabet}/{size}/{seed}")
    letters = [chance.choice(alphabet) for _ in range(size)]
    for place, kind in ((1, string.digits), (2, string.ascii_letters)):
        usable = [char for char in alphabet if char in kind]
        if usable and size > place:
            letters[place] = chance.choice(usable)
    return "".join(letters)


@dataclass(frozen=True)
class Kind:
    """`found` are pairs: a text with `{}` where the secret stands, and the secret."""

    name: str
    found: tuple[tuple[str, str], ...]
    kept: tuple[str, ...]


def pem(label: str, lines: int = 12, newline: str = "\n") -> str:
    body = [made(BASE64, 64, seed) for seed in range(lines)]
    dashes = "-" * 5
    begin, end = f"{dashes}BEGIN {label}{dashes}", f"{dashes}END {label}{dashes}"
    return newline.join([begin, *body, made(BASE64, 22) + "==", end])


_EXAMPLE_AWS = "AKIA" + "IOSFODNN7EXAMPLE"
_JWT = f"eyJ{made(WORD, 33)}.eyJ{made(SLUG, 80)}.{made(SLUG, 43)}"
_PRIVATE = "PRIVATE" + " KEY"
_BASIC = base64.b64encode(b"somebody:wonderland").decode()

KINDS = (
    Kind(
        "aws_key",
        (
            ("aws configure set aws_access_key_id {} --profile x", _EXAMPLE_AWS),
            ('{{"AccessKeyId": "{}", "Expiration": 1}}', "ASIA" + made(UPPER, 16)),
            ("aws_secret_access_key = {}\n", "wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYEXAMPLEKEY"),
            ('"SecretAccessKey": "{}"', made(BASE64, 40)),
        ),
        (
            "AKIA is how access keys begin, ASIA the temporary ones",
            "MAKIAVELLIANARGUMENTSOFTHEPRINCE",
            "aws_secret_access_key = ${AWS_SECRET_ACCESS_KEY}",
        ),
    ),
    Kind(
        "github_token",
        (
            ("git clone with ghp token {}", "ghp_" + made(WORD, 36)),
            ("GITHUB_TOKEN={}", "ghs_" + made(WORD, 36)),
            ("\x1b[32m{}\x1b[0m", "gho_" + made(WORD, 36)),
            ("'{}'", "github_pat_" + made(WORD, 22) + "_" + made(WORD, 59)),
        ),
        (
            "the prefixes are ghp_, gho_ and github_pat_",
            "Token: gho_" + "*" * 36,
            "a ghp_short one",
        ),
    ),
    Kind(
        "gitlab_token",
        (
            ("PRIVATE-TOKEN: {}", "glpat-" + made(SLUG, 20)),
            ("deploy with {}", "gldt-" + made(SLUG, 20)),
            ('"{}"', "glrt-" + made(SLUG, 20)),
        ),
        ("glpat- is the prefix", "glpat-xxxx"),
    ),
    Kind(
        "slack_token",
        (
            ("SLACK={}", f"xoxb-{made(string.digits, 12)}-{made(WORD, 24)}"),
            ("user token {} here", f"xoxp-{made(string.digits, 12)}-{made(HEX, 32)}"),
            ("{}", f"xapp-1-A{made(UPPER, 10)}-{made(string.digits, 12)}-{made(HEX, 64)}"),
        ),
        ("tokens begin with xoxb- or xoxp-", "xoxo, see you soon"),
    ),
    Kind(
        "slack_webhook",
        (
            ("curl https://hooks.slack.com/services/{}", f"T{made(UPPER, 8)}/B0/{made(WORD, 24)}"),
            ("https:\\/\\/hooks.slack.com\\/services\\/{}", f"T0A\\/B0C\\/{made(WORD, 24)}"),
            ("<https://hooks.slack.com/workflows/{}>", f"T0/A0/{made(WORD, 20)}"),
        ),
        ("post to https://hooks.slack.com/services/", "see hooks.slack.com/docs/webhooks"),
    ),
    Kind(
        "anthropic_key",
        (
            ("ANTHROPIC_API_KEY={}", f"sk-ant-api03-{made(SLUG, 93)}AA"),
            ("x-api-key: {}\r\n", f"sk-ant-admin01-{made(SLUG, 93)}AA"),
            ("set `{}` first", f"sk-ant-oat01-{made(SLUG, 60)}"),
        ),
        ("keys begin with sk-ant-", 'if key.startswith("sk-ant-"):'),
    ),
    Kind(
        "openai_key",
        (
            ("OPENAI_API_KEY={}", "sk-" + made(WORD, 48)),
            ("export KEY='{}'", "sk-proj-" + made(SLUG, 120)),
            ("\x1b[32m{}\x1b[0m", "sk-" + made(WORD, 48, 2)),
            ("key {}", "sk-or-v1-" + made(HEX, 64)),
        ),
        (
            "task-" + made(WORD, 30),
            "sk-learnclassifierimplementations",
            "a disk-basedimplementation0123456789",
        ),
    ),
    Kind(
        "google_key",
        (
            ("https://maps.example/js?key={}&v=3", "AIza" + made(SLUG, 35)),
            ("bearer is {} for now", "ya29." + made(SLUG, 120)),
            ('client_secret: "{}"', "GOCSPX-" + made(SLUG, 28)),
        ),
        ("AIza is the prefix", "Aizawa and AIzaki"),
    ),
    Kind(
        "stripe_key",
        (
            ("STRIPE={}", "sk_live_" + made(WORD, 24)),
            ("restricted {}", "rk_live_" + made(WORD, 24)),
            ("signing {}", "whsec_" + made(WORD, 32)),
        ),
        ("pk_live_" + made(WORD, 24), "sk_live_ is for production"),
    ),
    Kind(
        "npm_token",
        (
            ("//registry.example/:_authToken={}", "npm_" + made(WORD, 36)),
            ("NPM={}", "npm_" + made(WORD, 36, 2)),
            ("\\n{}\\n", "npm_" + made(WORD, 36, 3)),
        ),
        ("npm_config_registry=x", "npm_package_version", "set npm_lifecycleeventname"),
    ),
    Kind(
        "pypi_token",
        (
            ("password = {}", "pypi-AgEIcHlwaS5vcmc" + made(SLUG, 150)),
            ("twine -p {}", "pypi-AgENdGVzdC5weXBpLm9yZw" + made(SLUG, 120)),
            ("({})", "pypi-AgEI" + made(SLUG, 90)),
        ),
        ("pypi-server is a package", "publish-to-pypi-AgEnough-for-all-of-us"),
    ),
    Kind(
        "huggingface_token",
        (
            ("HF_TOKEN={}", "hf_" + made(WORD, 34)),
            ('login("{}")', "hf_" + made(WORD, 34, 2)),
            ("hf auth {}", "hf_" + made(WORD, 34, 3)),
        ),
        ("hf_hub_download(repo)", "import hf_transfer", "self_" + made(WORD, 34)),
    ),
    Kind(
        "sendgrid_key",
        (
            ("SENDGRID={}", f"SG.{made(SLUG, 22)}.{made(SLUG, 43)}"),
            ("'{}'", f"SG.{made(SLUG, 22, 2)}.{made(SLUG, 43, 2)}"),
            ("apikey: {}", f"SG.{made(SLUG, 22, 3)}.{made(SLUG, 43, 3)}"),
        ),
        ("SG.short.x", "MSG.append_to_everything.now_and_then"),
    ),
    Kind(
        "twilio_key",
        (
            ("sid {}", "SK" + made(HEX, 32)),
            ("('{}', secret)", "SK" + made(HEX, 32, 2)),
            ("TWILIO={}", "SK" + made(HEX, 32, 3)),
        ),
        ("SK" + made(HEX, 40), "the account is AC" + made(HEX, 32), "TASK" + made(HEX, 32)),
    ),
    Kind(
        "telegram_token",
        (
            ("https://api.telegram.org/bot{}/getMe", f"123456789:AA{made(SLUG, 33)}"),
            ("BOT={}", f"9876543210:AA{made(SLUG, 33)}"),
            ("token is {}.", f"55555555:AA{made(SLUG, 33)}"),
        ),
        ("12345:AAA", f"1234567890123:AA{made(SLUG, 33)}"),
    ),
    Kind(
        "jwt",
        (
            ("cookie: session={}; Path=/", _JWT),
            ('{{"id":"{}"}}', _JWT[:-3]),
            ("ghs_12345_{}", _JWT),
        ),
        ("eyJhbGciOiJIUzI1NiJ9 is a header", "a.eyJ.b"),
    ),
    Kind(
        "private_key",
        (
            ("cat id_rsa\n{}\nprompt$", pem(f"RSA {_PRIVATE}")),
            ("{{'key': '{}'}}", pem(_PRIVATE, newline="\\n")),
            ('{{"private_key": "{}\\\\n"}}', pem(_PRIVATE, newline="\\\\n")),
            ("{}", pem(f"PGP {_PRIVATE} BLOCK", newline="\r\n")),
            ("     1\t{}", pem(f"OPENSSH {_PRIVATE}", newline="\n     2\t")),
        ),
        (
            f'if "-----BEGIN {_PRIVATE}-----" in text: pass',
            f"-----BEGIN {_PRIVATE}-----\n...\n-----END {_PRIVATE}-----",
            pem("CERTIFICATE"),
        ),
    ),
    Kind(
        "password",
        (
            ("postgres://app:{}@db.internal:5432/app", "hunter2"),
            ("redis://:{}@cache/0", "s3cr3t!p@ss"),
            ("Server=db;User Id=sa;Password={};Encrypt=true", "Summer24"),
            ("Pwd={}; Server=db", "x"),
            ("host=db user=app password={} dbname=app", "hunter2"),
            ('"password": "{}"', "Tr0ub4dor&3"),
            ("export DB_PASSWORD={}\n", "qw8Er7ty6Ui5"),
            ('{{\\"password\\":\\"{}\\"}}', "correct-horse-1!"),
            ("deploy --db-password '{}' now", "Tr0ub4dor&3"),
        ),
        (
            "postgres://app:${DB_PASSWORD}@db/app",
            "postgres://app:<password>@db/app",
            "http://localhost:8080/path@2x.png",
            "password = getpass()",
            "connect(password=settings.DB_PASSWORD2, host=h)",
            'password: "required"',
            "Password: ********",
            "PWD=/home/somebody/project-2",
            "the password is checked: see login",
        ),
    ),
    Kind(
        "bearer_token",
        (
            ("curl -H 'Authorization: Bearer {}'", made(HEX, 40)),
            ('"authorization":"bearer {}"', made(WORD, 32)),
            ("Authorization: token {}", made(HEX, 40, 2)),
        ),
        (
            "Authorization: Bearer $TOKEN",
            "Authorization: Bearer <your-token>",
            "the bearer authentication scheme",
            "Authorization: Bearer YOUR_API_KEY_1",
        ),
    ),
    Kind(
        "basic_auth",
        (
            ("Authorization: Basic {}", _BASIC),
            ('-H "authorization: basic {}"', _BASIC),
            ('{{\\"Authorization\\": \\"Basic {}\\"}}', _BASIC),
        ),
        ("Authorization: Basic realm=x", "Authorization: Basic authentication"),
    ),
    Kind(
        "secret",
        (
            ("API_KEY={}", made(WORD, 32)),
            ('client_secret: "{}",', made(HEX, 40)),
            ("AccountKey={};EndpointSuffix=core", made(BASE64, 86) + "=="),
            ('{{\\"apiKey\\":\\"{}\\"}}', made(HEX, 32)),
            ("run --api-key {} --fast", made(WORD, 32)),
            ("token:\n  {}", made(WORD, 32)),
            ('"token": "{}"', "kJhGfDsAqWeRt" + "YuI9oPzXcVb"),
        ),
        (
            "api_key = os.environ['API_KEY']",
            "apiKey: process.env.PROVIDER_API_KEY_V2",
            "const token = await fetchTokenFromServer2(request)",
            '"token": "${SERVICE_TOKEN_2024}"',
            "secret: <insert-secret-here-0001>",
            "API_KEY=your_api_key_12345678",
            "token=xxxxxxxxxxxxxxxxxxxxxxxx1",
            "max_tokens: 200000, input_tokens: 123456789012345678",
            "PublicKeyToken=b77a5c561934e089",
            "secret: arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-AbC123",
            "token_file = /var/run/secrets/kubernetes.io/serviceaccount/token",
            "tokenizer = cl100k_base_extended_0001",
            'api_key: "prod/eu-west-1/service-account-2024"',
            "token: https://auth.internal/t/a1b2c3d4e5f6",
            "token: 1234567890123456",
            'secret: "a1a1a1a1a1a1a1a1a1a1"',
            "const token = parseOAuth2TokenFromHeader;",
        ),
    ),
)
