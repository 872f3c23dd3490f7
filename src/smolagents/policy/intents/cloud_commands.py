"""Commands that control containers and clouds."""

from __future__ import annotations

import re

from .shell_call import Call
from .shell_values import EMPTY, Value, join


_OUT_OF_CONTAINER = re.compile(
    r"(?:^|\s)(?:--privileged(?!=false)|--pid[= ]host|--cap-add[= ](?:SYS_ADMIN|ALL|SYS_PTRACE|SYS_MODULE)"
    r"|--userns[= ]host"
    r"|--security-opt[= ](?:apparmor|seccomp)[=:]unconfined|--device[= ]/dev/[sv]d"
    r"|(?:-v|--volume)[= ]?\"?/:/?\S*|(?:-v|--volume)[= ]?/(?:etc|root|proc|var/run/docker\.sock|run/docker\.sock)\b"
    r"|--mount[= ]\S*(?:source|src)=/,)|\"?(?:hostPID|privileged|hostNetwork)\"?\s*:\s*true|hostPath"
)
# The engine of another machine, without a key: whoever reaches it is its root
_FAR_ENGINE = re.compile(r"^(?:-H|--host)[= ]?(?:tcp://)?[\w.${}-]+:(?:2375|4243)\b")
_CONTAINER_RUN = (
    "v e p u w l h m name volume env publish user workdir network net label hostname entrypoint memory cpus mount "
    "restart "
    "platform "
    "c n context container namespace image overrides shell image-pull-policy env-file add-host device cap-add "
    "security-opt gpus"
)


def container(call: Call) -> Value:
    """`docker` and `podman`."""
    words = " ".join(call.texts)
    verbs = [text for text in call.texts if text[:1] != "-"]
    verb = verbs[0] if verbs else ""
    if _FAR_ENGINE.search(words):
        call.fact("connect", "container")
    if verb in ("run", "create", "exec") and _OUT_OF_CONTAINER.search(words):
        call.fact("escape", "container")
    if verb in ("run", "exec", "create"):
        _inside(call, verb)
    elif re.match(r"(?:system|volume|image|container|network)\s+(?:prune|rm)\b|(?:rmi?|kill|stop)\b", words):
        everything = "$(" in words or " -a" in words or "--all" in words
        call.fact("delete", "container", *(("bulk",) if everything else ()))
    elif verb == "cp":
        call.fact("read", "container")
    return EMPTY


def _inside(call: Call, verb: str) -> None:
    """The command in a container: it has a machine of its own, only what leaves that counts."""
    args = call.args
    place = next((i for i, value in enumerate(args) if value.text == verb), 0)
    inner = Call(call.shell, args[place:], call.stdin, call.text, call.line)
    operands = inner.options(_CONTAINER_RUN, stop=True).operands
    if len(operands) > 1 and _OUT_OF_CONTAINER.search(" ".join(call.texts)):
        call.run(operands[1:])
    elif len(operands) > 1:
        before = len(call.shell.facts)
        call.run(operands[1:])
        outside = ("upload", "send", "escape", "run_code", "exhaust")
        facts = call.shell.facts
        facts[before:] = [
            fact
            for fact in facts[before:]
            if fact.act in outside
            or fact.act == "run_process"
            and fact.traits & {"from_network", "reverse", "decoded"}
        ]


def orchestrator(call: Call) -> Value:
    """`kubectl`."""
    words = " ".join(call.texts)
    if _OUT_OF_CONTAINER.search(words) or "nsenter" in words:
        call.fact("escape", "container")
    if re.search(r"\b(?:create|apply|replace)\b.*cron-?job", words, re.IGNORECASE):
        call.fact("configure", "startup", "persistent")
    if re.search(r"\b(?:get|describe)\s+(?:-\S+\s+)*secrets?\b", words):
        call.fact("read", "secret")
        return Value("$(kubectl)", False, frozenset(("from_secret",)))
    if re.search(r"\bcreate\s+(?:cluster)?rolebinding\b|\bauth\s+reconcile\b", words):
        call.fact("configure", "authority", *(("privileged",) if "admin" in words else ()))
    if re.search(r"\bdelete\b", words):
        call.fact(
            "delete",
            "container",
            *(("all",) if "--all" in words or re.search(r"\b(?:ns|namespaces?)\b", words) else ()),
        )
    args = call.args
    place = next((i for i, value in enumerate(args) if value.text == "--"), len(args))
    if args[place + 1 :]:
        call.run(args[place + 1 :])
    return Value("$(kubectl)", False)


# What is said to a cloud: the words of the command, the act, the target, the traits.
_CLOUD: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    (r"(?:stop-logging|delete-trail|delete-flow-logs|delete-detector|disable-security-hub|put-event-selectors"
     r"|delete-alarms|delete-configuration-recorder|stop-configuration-recorder|update-detector.*--no-enable"
     r"|logging\s+(?:sinks\s+(?:delete|update)|logs\s+delete)|diagnostic-settings\s+delete|delete-log-(?:group|stream)"
     r"|delete-web-acl|eventhub.*delete|activity-log.*delete"
     r"|audit-config.*disable)", "configure", "security", ("disable",)),
    (r"(?:create-access-key|iam\s+create-user|create-login-profile|update-login-profile|attach-(?:user|role|group)-policy|put-(?:user|role|group)-policy"
     r"|add-user-to-group|update-assume-role-policy|create-policy-version|add-iam-policy-binding|set-iam-policy"
     r"|service-accounts\s+keys\s+create|role\s+assignment\s+create|sp\s+(?:create|credential\s+reset)|add-role-to-instance-profile"
     r"|ad\s+app\s+credential\s+reset|create-service-linked-role|ad\s+group\s+member\s+add)",
     "configure", "authority", ("privileged",)),
    (r"(?:secretsmanager\s+get-secret-value|get-parameters?(?:-by-path)?\b.*--with-decryption|keyvault\s+secret\s+show|secrets\s+versions"
     r"\s+access|get-password-data)",
     "read", "secret", ()),
    (r"(?:s3\s+rb\b.*--force|s3\s+rm\b.*--recursive|delete-(?:bucket|db-instance|db-cluster|table|file-system|vault|backup\S*)\b"
     r"|(?:buckets|instances|databases|projects)\s+delete\b|storage\s+rm\b.*-r|(?:storage\s+account|sql\s+db)\s+delete\b"
     r"|rb\s+gs://|rm\s+-r\s+gs://|terminate-instances)", "delete", "database", ("all",)),
    (r"(?:delete-snapshot|delete-db-snapshot|snapshots?\s+delete|delete-recovery-point"
     r"|delete-image)", "delete", "backup", ()),
    (r"modify-(?:db-(?:cluster-)?)?snapshot-attribute\b.*(?:add|all)|modify-image-attribute\b.*(?:add|all)|put-bucket-acl\b.*public"
     r"|share-snapshot|snapshot\s+grant-access", "configure", "authority", ("world",)),
    (r"(?:ssm\s+send-command|run-command\s+invoke)", "run_process", "host", ()),
    (r"service-accounts\s+(?:keys\s+)?delete|iam\s+delete-(?:user|login-profile|access-key)|ad\s+user\s+delete",
     "configure", "account", ("disable",)),
    (r"(?:iam\s+create-user|iam\s+create-group|iam\s+create-role|service-accounts\s+create"
     r"|ad\s+user\s+create)", "configure", "account",
     ("persistent",)),
)  # fmt: skip
_CLOUD_RULES = tuple((re.compile(words), act, target, traits) for words, act, target, traits in _CLOUD)


def cloud(call: Call) -> Value:
    """`aws`, `gcloud`, `gsutil`, `az`."""
    words = " ".join(call.texts)
    for pattern, act, target, traits in _CLOUD_RULES:
        if pattern.search(words):
            call.fact(act, target, *traits)
    copied = re.search(r"\b(?:s3|storage)?\s*(?:cp|sync|mv|rsync)\b", words)
    operands = [value for value in call.args if value.text[:1] != "-"]
    if copied and operands:
        remote = [value for value in operands if re.match(r"(?:s3|gs)://", value.text)]
        local = [value for value in operands if "/" in value.text and value not in remote]
        if remote and operands[-1] in remote and local:
            call.fact("upload", "host", "from_file", origin=join([call.shell.content(value.text) for value in local]))
        elif remote:
            call.fact("download", "host")
    return Value(f"$({call.name})", False)


COMMANDS = {
    **dict.fromkeys(("docker", "podman", "nerdctl", "ctr", "crictl"), container),
    **dict.fromkeys(("kubectl", "oc", "k3s", "microk8s"), orchestrator),
    **dict.fromkeys(("aws", "gcloud", "gsutil", "az", "bq", "doctl", "oci"), cloud),
}
