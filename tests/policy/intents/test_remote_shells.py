"""A shell that is handed to somebody far away is told as that, in whatever language and through whatever client."""

from __future__ import annotations

import pytest

from smolagents.policy.intents import Category, classify

from .remote_shells import FAMILIES


@pytest.mark.parametrize(
    ("family", "command"), [(family, command) for family, commands in FAMILIES.items() for command in commands]
)
def test_a_remote_shell_is_code_of_somebody_else(family, command):
    intent = classify("bash", {"command": command})
    assert intent.dangerous
    assert intent.category is Category.CODE_EXECUTION


@pytest.mark.parametrize(
    "command",
    (
        "nc -zv db.internal 5432",
        "nc -l 8080 > upload.bin",
        "exec 3<>/dev/tcp/localhost/80; printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3",
        "(echo > /dev/tcp/localhost/5432) && echo up",
        "socat TCP-LISTEN:8080,fork TCP:localhost:80",
        "openssl s_client -connect example.org:443 </dev/null",
        "python3 -c 'import socket; print(socket.gethostbyname(\"example.org\"))'",
        "php -r 'var_dump(fsockopen(\"localhost\", 80));'",
        "ruby -rsocket -e 'puts TCPSocket.new(\"localhost\", 80).gets'",
        'node -e \'require("net").connect(80, "localhost", () => console.log("up"))\'',
        "whois example.org | grep Expiry",
        "mkfifo /tmp/log.pipe && tail -f app.log > /tmp/log.pipe &",
        "cat > client.c <<'E'\n#include <sys/socket.h>\nint main(){return socket(2,1,0);}\nE\ngcc client.c",
    ),
)
def test_a_connection_alone_is_no_remote_shell(command):
    assert not classify("bash", {"command": command}).dangerous
