"""Secrets do not reach the disk, wherever they are in arguments, results and errors."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smolagents import CodeAgent, Deny, ToolCallingAgent, ToolOutcome, tool
from smolagents.hooks_testing import RecordingHook, ScriptedModel, answering, code
from smolagents.policy.audit.encoding import decoded, encoded
from smolagents.policy.audit.secrets import REDACTED, Redactor
from smolagents.policy.call_digest import value_digest

from ..executions import execution, frozen
from .trails import KEY, hook_for, records


# Made up here, in the shapes that their makers document. No whole one is written out, so that no scanner of this
# repository takes it for one that leaked.
_TAIL = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0"
SECRETS = {
    "AWS access key": "AKIA" + "QW3RTY7UI0PASDF9",
    "GitHub token": "ghp_" + _TAIL[:36],
    "GitHub fine-grained token": "github_pat_" + _TAIL[:22] + "_" + _TAIL,
    "Slack token": "xoxb-" + "123456789012-1234567890123-" + _TAIL[:24],
    "OpenAI key": "sk-" + _TAIL,
    "OpenAI project key": "sk-proj-" + _TAIL + "-" + _TAIL,
    "Anthropic key": "sk-ant-api03-" + _TAIL + "-" + _TAIL,
    "JWT": ".".join(
        base64.urlsafe_b64encode(part).decode().rstrip("=")
        for part in (b'{"alg":"HS256","typ":"JWT"}', b'{"sub":"1234567890","name":"Ann"}', _TAIL.encode())
    ),
    "private key": f"-----BEGIN RSA PRIVATE KEY-----\n{_TAIL}\n{_TAIL[::-1]}\n-----END RSA PRIVATE KEY-----",
    "Google API key": "AIza" + _TAIL[:35],
    "Stripe key": "sk_live_" + _TAIL[:24],
    "password in a URL": "postgres://ann:" + _TAIL[:12] + "@db.example.com/prod",
    "bearer header": "Authorization: Bearer " + _TAIL,
    "password in a shell": "mysql --password=" + _TAIL[:12],
    "Hugging Face token": "hf_" + _TAIL[:34],
    "npm token": "npm_" + _TAIL[:36],
}
# What of each is not to be found, in any piece of eight characters: what is not the same for everybody.
SECRET_PARTS = {
    name: [text]
    if name not in ("password in a URL", "bearer header", "password in a shell")
    else [_TAIL if name == "bearer header" else _TAIL[:12]]
    for name, text in SECRETS.items()
}
PIECE = 8


def pieces(name: str) -> set[bytes]:
    """What must not be on the disk of a secret: the parts that only it has, as they are and in base64."""
    found: set[bytes] = set()
    for part in SECRET_PARTS[name]:
        part = part.replace("-----BEGIN RSA PRIVATE KEY-----\n", "").replace("\n-----END RSA PRIVATE KEY-----", "")
        for line in part.split("\n"):
            raw = line.encode()
            found |= {raw[at : at + PIECE] for at in range(len(raw) - PIECE + 1)}
            found |= {base64.b64encode(raw[at:])[4:16] for at in range(3)}
    return found


def split(text: str, count: int) -> list[str]:
    size = -(-len(text) // count)
    return [text[at : at + size] for at in range(0, len(text), size)]


def nested(items: list[str]) -> object:
    return [items[0], nested(items[1:])] if len(items) > 1 else items[0]


# Ways in which a secret may be in arguments or in a result.
PLACES = {
    "a text": lambda text: text,
    "in a sentence": lambda text: f"Use {text} for it, please.",
    "after other text without a gap": lambda text: f"x{text}",
    "bytes": lambda text: text.encode(),
    "UTF-16": lambda text: text.encode("utf-16-le"),
    "a value": lambda text: {"deep": [{"in": (text,)}]},
    "a key": lambda text: {text: 1},
    "a tuple as a key": lambda text: {(1, text): 1},
    "a set": lambda text: {text},
    "a list of pieces": lambda text: split(text, 3),
    "single characters": list,
    "nested pieces": lambda text: nested(split(text, 5)),
    "pieces as values": lambda text: dict(zip("abcd", split(text, 4), strict=False)),
    "pieces as keys": lambda text: dict.fromkeys(split(text, 4), "."),
    "key and value": lambda text: dict([split(text, 2)]),
    "bytes and text": lambda text: [split(text, 2)[0].encode(), split(text, 2)[1]],
    "with something invisible in it": lambda text: text[:5] + "\u200b" + text[5:],
}


@pytest.mark.parametrize("payload", ["digest", "redacted"])
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", SECRETS)
def test_no_piece_of_a_secret_is_on_the_disk(path, name, place, payload):
    value = PLACES[place](SECRETS[name])
    if place == "pieces as keys" and len(value) < 4:
        pytest.skip("its pieces are not all different")
    hook = hook_for(
        path,
        audit={"payload": payload},
        rules=[{"id": "r", "when": {"arguments": {"*": {"regex": "(?s)."}}}, "action": "warn"}],
        patterns=[{"regex": "never here"}],
    )
    about = execution("shell", command=value)
    assert hook.before_tool_execution(about) is None
    hook.after_tool_execution(about, ToolOutcome("ok", result=frozen(value)))
    denied = execution("shell", command=value)
    hook.before_tool_execution(denied)
    hook.after_tool_execution(denied, ToolOutcome("denied", denial=Deny(f"It has {value!r}."), denied_by="Other"))
    error = type(SECRETS[name], (ValueError,), {})(SECRETS[name])
    failed = execution("shell", command="x")
    hook.before_tool_execution(failed)
    hook.after_tool_execution(failed, ToolOutcome("error", error=error))

    written = path.read_bytes()
    assert len(written.splitlines()) == 7
    assert not [piece for piece in pieces(name) if piece in written]
    assert not [piece for piece in pieces(name) if piece in written.replace(b'","', b"").replace(b'":"', b"")]


@pytest.mark.parametrize("payload", ["digest", "redacted"])
@pytest.mark.parametrize("name", SECRETS)
def test_no_secret_of_a_real_run_is_on_the_disk(path, name, payload):
    secret = SECRETS[name]

    @tool
    def fetch(url: str) -> str:
        """Fetch a page.

        Args:
            url: Where it is.
        """
        if "fail" in url:
            raise ValueError(secret)
        return f"The page says {secret}."

    hook = hook_for(path, audit={"payload": payload}, patterns=["forbidden"])
    model = ScriptedModel(
        code(f"print(fetch({secret!r}))\nprint(fetch(url={secret!r} + ' forbidden'))"),
        code(f"fetch('fail' + {secret!r})"),
        code(f"final_answer({secret!r})"),
    )
    agent = CodeAgent(tools=[fetch], model=model, hooks=[hook], verbosity_level=0)
    assert secret in agent.run(f"Use {secret}.")
    calls = (
        [("fetch", {"url": secret})],
        [("fetch", {"url": f"fail {secret}"})],
        [("final_answer", {"answer": secret})],
    )
    ToolCallingAgent(tools=[fetch], model=ScriptedModel(*calls), hooks=[hook], verbosity_level=0).run("Fetch.")

    written = path.read_bytes()
    assert {"before", "after", "denied"} <= {record["type"] for record in records(path)}
    assert not [piece for piece in pieces(name) if piece in written]


def test_in_full_everything_is_kept(path):
    hook = hook_for(path, audit={"payload": "full"})
    hook.before_tool_execution(execution("shell", password="hunter2", command=SECRETS["JWT"]))

    (record,) = records(path, "before")
    assert record["arguments"] == {"password": "hunter2", "command": SECRETS["JWT"]}


@pytest.mark.parametrize(
    "name",
    ["password", "db_password", "API-KEY", "apiKey", "Authorization", "access_token", "client_secret", "pwd", "pin"],
)
def test_what_has_a_secret_name_is_taken_out_whatever_it_is(path, name):
    hook = hook_for(path, audit={"payload": "redacted", "secrets": ["pin", "door_*"]})
    # None of it can be by chance in a digest or a time
    door_code = [1234567890123, "sesame"]
    value = {name: "hush4711", "door_code": door_code, "who": "ann", "in": {"deep": [{name: b"hush4711"}]}}
    about = execution("login", **value)
    hook.before_tool_execution(about)
    hook.after_tool_execution(about, ToolOutcome("ok", result="It was hush4711, sesame and 1234567890123."))

    before, after = records(path, "before", "after")
    assert before["arguments"]["who"] == "ann"
    assert before["arguments"][name] == {"$": "redacted"}
    assert after["result"] == f"It was {REDACTED}, {REDACTED} and {REDACTED}."
    written = path.read_bytes()
    assert not [text for text in (b"hush4711", b"sesame", b"1234567890123", b"aHVzaDQ3MTE") if text in written]


HEX = "0123456789abcdef" * 4
# Other ways to write a secret: `{}` is where it is.
WRITTEN = [
    ("https://{}@github.com/a/b", _TAIL),
    ("https://example.com/?q=1&key={}", _TAIL),
    ("https://b.s3.amazonaws.com/k?X-Amz-Signature={}", HEX),
    ("https://discord.com/api/webhooks/123456789012345678/{}", _TAIL),
    ("gsk_{}", _TAIL),
    ("r8_{}", _TAIL),
    ("dop_v1_{}", HEX),
    ("dckr_pat_{}", _TAIL),
    ("shpat_{}", HEX),
    ("tvly-{}", _TAIL),
    ("hvs.{}", _TAIL),
    ("dapi{}", HEX),
    ("110201543:AA{}", _TAIL),
    ("lin_api_{}", _TAIL),
    ("AGE-SECRET-KEY-1{}", _TAIL.upper()),
    ("export OPENAI_KEY={}", _TAIL),
    ("os.environ['GITHUB_PAT'] = '{}'", _TAIL),
    ("smtp_pass={}", _TAIL),
    ("mysql --password {}", _TAIL),
    ("gh auth login --with-token={}", _TAIL),
    ("curl -u ann:{} https://example.com", _TAIL),
    ("machine example.com login ann password {}", _TAIL),
    ("Cookie: session={}", _TAIL),
    ("X-API-Key: {}", _TAIL),
    ('{{"password": "{}"}}', _TAIL),
    ("jdbc:postgresql://example.com/db?user=ann&password={}", _TAIL),
]


@pytest.mark.parametrize("form, secret", WRITTEN)
def test_a_secret_is_found_however_it_is_written(form, secret):
    text = Redactor().text("Use " + form.format(secret) + " now.")

    assert text.startswith("Use ") and text.endswith(" now.")
    assert not [at for at in range(len(secret) - PIECE + 1) if secret[at : at + PIECE] in text]


@pytest.mark.parametrize(
    "join", ["'{}' + '{}'", "'{}' '{}'", "f'{}'  \\\n  \"{}\"", "''.join(['{}', '{}'])", 'print(\'x = "{}" + "{}"\')']
)
@pytest.mark.parametrize("name", sorted(SECRETS.keys() - {"private key", "password in a shell"}))
def test_a_secret_in_pieces_in_code_is_found(join, name):
    text = SECRETS[name]
    for at in range(1, len(text)):
        shown = Redactor().text(join.format(text[:at], text[at:]) + "\nprint(1)")
        assert not [piece for piece in pieces(name) if piece in shown.encode()]


@pytest.mark.parametrize("name", ["user", "tokens", "max_tokens", "author", "keyboard", "passenger", "key", "path"])
def test_what_only_sounds_like_a_secret_is_kept(name):
    assert not Redactor().is_secret_name(name)


@pytest.mark.parametrize(
    "text",
    [
        "The task-force-on-climate-change met again.",
        "https://example.com/a:b@c",
        "basic functionality, bearer of news",
        "Let us pass the salt.",
        "a risk-averse-and-careful approach",
        "https://example.com:8080/path?x=1",
    ],
)
def test_ordinary_text_is_kept(text):
    assert Redactor().text(text) == text


def test_names_that_a_policy_lists_count_in_code_too():
    text = Redactor(["pin"]).text('enter(door, pin="4711x")\nother(pin = code)')

    assert "4711x" not in text and "enter(door, " in text


def test_what_is_redacted_says_so_and_keeps_the_rest(path):
    hook = hook_for(path, audit={"payload": "redacted"})
    hook.before_tool_execution(execution("shell", command=f"curl -H 'X: {SECRETS['GitHub token']}' example.com"))

    (record,) = records(path, "before")
    assert record["arguments"]["command"] == f"curl -H 'X: {REDACTED}' example.com"


def test_digests_are_keyed_so_that_nobody_can_try_what_a_short_secret_is(path):
    hook = hook_for(path)
    about = execution("login", pin="4711")
    hook.before_tool_execution(about)

    (record,) = records(path, "before")
    plain = value_digest(about.arguments)
    assert record["arguments_digest"] == KEY.digest.of(plain).hex()
    assert plain.hex() not in path.read_text()


def test_other_hooks_denials_tell_nothing_of_secrets(path):
    secret = SECRETS["Stripe key"]
    other = RecordingHook(before=answering(Deny(f"No {secret[:12]} and {secret[12:]}.", code="other"), "pay"))

    @tool
    def pay(with_key: str) -> str:
        """Pay.

        Args:
            with_key: The key.
        """
        return "paid"

    model = ScriptedModel([("pay", {"with_key": secret})], [("final_answer", {"answer": "no"})])
    hook = hook_for(path, audit={"payload": "redacted"})
    ToolCallingAgent(tools=[pay], model=model, hooks=[hook, other], verbosity_level=0).run("Pay.")

    denied = next(record for record in records(path, "after") if record["status"] == "denied")
    assert denied["denial"] == {"code": "other", "stop": False}
    assert denied["denied_by"] == "RecordingHook"


plain_data = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.just("$"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=3) | st.integers() | st.just("$"), inner, max_size=3)
        | st.frozensets(st.text() | st.integers(), max_size=3)
    ),
    max_leaves=8,
)


@given(plain_data)
def test_what_is_kept_in_full_is_read_back_as_what_it_was(value):
    value = frozen(value)
    again = decoded(json.loads(json.dumps(encoded(value))))

    assert value_digest(again) == value_digest(value)


@given(plain_data)
def test_a_value_without_secrets_is_redacted_to_itself(value):
    value = frozen(value)
    shown, has_secrets = Redactor().value(value)

    assert has_secrets or json.dumps(shown) == json.dumps(encoded(value))
