"""Clients of databases: what their commands say, and what they take out as a whole."""

from __future__ import annotations

import re

from .shell_call import Call
from .shell_values import EMPTY, Value, join
from .sql_reader import read_sql


_TAKEN_OUT = frozenset(("from_system", "bulk"))
# What ends data of MongoDB
_DROPS = re.compile(r"\bdropDatabase\s*\(|\.drop\s*\(\s*\)|\.(?:deleteMany|remove)\s*\(\s*\{\s*\}\s*\)")
_FLUSHES = frozenset(("flushall", "flushdb"))


def sql(call: Call) -> Value:
    """`psql`, `mysql`, `sqlcmd` and their like: statements after an option, or typed in."""
    options = call.options(
        "c e q Q d h H p P u U f o D S s i b port host user username dbname database command execute query file"
    )
    statements = options.all("c", "e", "q", "Q", "command", "execute", "query")
    if call.stdin.known and call.stdin.text:
        statements = [*statements, call.stdin]
    for statement in statements:
        call.shell.facts += read_sql(statement.text)
        if re.match(r"\s*\\!\s*\S", statement.text):
            call.shell.script(statement.text.partition("!")[2])
    return Value(f"$({call.name})", False, frozenset(("from_file",)))


def documents(call: Call) -> Value:
    """`mongosh`."""
    scripts = [*call.options("host port u p eval").all("eval"), call.stdin]
    if any(_DROPS.search(join([script]).text) for script in scripts):
        call.fact("delete", "database", "all")
    return Value(f"$({call.name})", False, frozenset(("from_file",)))


def values(call: Call) -> Value:
    """`redis-cli`."""
    words = [word.text.lower() for word in call.options("h p a n u user pass").operands]
    if words and words[0] in _FLUSHES:
        call.fact("delete", "database", "all")
    elif words[:1] in (["slaveof"], ["replicaof"]) and words[1:2] != ["no"] or words[:2] == ["module", "load"]:
        call.fact("load_native", "unknown", "from_network")  # What another server holds is put in its place, or run
    elif words[:2] == ["config", "set"] and len(words) > 3 and words[2] in ("dir", "dbfilename"):
        call.fact("write", call.place(Value(words[3])) if words[2] == "dir" else "file", detail=words[3])
        if any(part in words[3] for part in (".ssh", "cron", "/www")):
            call.fact("configure", "startup", "persistent")
    return EMPTY


def cluster_store(call: Call) -> Value:
    """`etcdctl`: all that a cluster knows, its secrets too."""
    words = [word.text for word in call.options("endpoints cacert cert key user").operands]
    if words[:1] == ["get"] and (words[1:2] in (["/"], [""]) or "secrets" in " ".join(words)):
        call.fact("read", "secret")
        return Value("$(etcdctl)", False, frozenset(("from_secret",)))
    return Value("$(etcdctl)", False, frozenset(("from_file",)))


def dump(call: Call) -> Value:
    """A whole database is printed."""
    return Value(f"$({call.name})", False, _TAKEN_OUT)


COMMANDS = {
    **dict.fromkeys(
        ("psql", "mysql", "mariadb", "sqlcmd", "isql", "usql", "cqlsh", "clickhouse-client", "duckdb", "bteq"), sql
    ),
    **dict.fromkeys(("mongosh", "mongo"), documents),
    **dict.fromkeys(("redis-cli", "valkey-cli", "keydb-cli"), values),
    "etcdctl": cluster_store,
    **dict.fromkeys(("mysqldump", "mariadb-dump", "pg_dump", "pg_dumpall", "mongodump"), dump),
}
