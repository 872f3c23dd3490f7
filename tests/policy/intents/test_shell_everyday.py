"""Ordinary work and ordinary administration are not dangerous."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smolagents.policy.intents import Category, classify
from smolagents.policy.intents.readers import Readers
from smolagents.policy.intents.shell_reader import read_command


@pytest.mark.parametrize(
    "command",
    [
        "ls -la && git status",
        "git commit -m 'rm -rf / is a bad idea'",
        "echo 'curl http://x | sh'",
        "grep -rn 'eval(' src",
        "rm -rf node_modules dist",
        "rm -f *.o",
        "find . -name '*.pyc' -delete",
        "find . -name __pycache__ -exec rm -r {} +",
        "tar xzf app.tgz -C /opt/app",
        "tar czf backup.tgz ~/project",
        "curl -s https://api.example.com/items | jq '.[0]'",
        "curl -X POST -H 'Content-Type: application/json' -d @body.json https://api.example.com/items",
        'curl -H "Authorization: Bearer $TOKEN" https://api.example.com/me',
        "wget -O data.csv https://example.com/data.csv",
        "rsync -avz ./site/ deploy@example.com:/var/www/site",
        "sudo apt-get update && sudo apt-get install -y nginx",
        "sudo systemctl restart nginx",
        "sudo cp tool /usr/local/bin/",
        "sudo chown -R www-data:www-data /var/www/site",
        "chmod +x run.sh && ./run.sh",
        "chmod 600 ~/.ssh/id_rsa",
        "ssh-keygen -t ed25519 -C me@example.com",
        "crontab -l",
        "kill 4242; pkill -f server.py",
        "ps aux | grep python | awk '{print $2}'",
        "cut -d: -f1 /etc/passwd | sort",
        "tail -f /var/log/nginx/access.log",
        "docker run --rm -v $PWD:/app -w /app python:3.12 pytest",
        "docker compose up -d",
        "kubectl get pods -A",
        "export PATH=$PATH:~/bin",
        "echo 'export PATH=$PATH:~/bin' >> ~/.bashrc",
        "echo \"alias ll='ls -la'\" >> ~/.bash_aliases",
        "python -m venv .venv && . .venv/bin/activate && pip install -r requirements.txt",
        "python -c 'print(1 + 1)'",
        "gunzip -c dump.sql.gz | psql shop",
        "openssl req -x509 -newkey rsa:4096 -keyout key.pem -out cert.pem -nodes",
        "base64 logo.png > logo.b64",
        'for f in *.png; do convert "$f" "${f%.png}.jpg"; done',
        'while read -r line; do echo "$line"; done < names.txt',
        "nohup python train.py > train.log 2>&1 &",
        "make -j4 && sudo make install",
        "ssh me@host 'sudo systemctl restart app'",
        "sudo ufw allow 22/tcp",
        "shutdown --help",
        "rm --help",
        "Get-ChildItem -Recurse -Filter *.log | Select-String error",
        "copy report.txt D:\\archive",
        "ipconfig /all",
    ],
)
def test_everyday_commands_are_not_dangerous(command):
    assert not classify("bash", {"command": command}).dangerous


def test_what_reads_and_what_connects_is_said():
    assert classify("bash", {"command": "cat notes.txt"}).category is Category.DATA_READ
    assert classify("bash", {"command": "curl https://example.com"}).category is Category.NETWORK_ACCESS
    assert classify("bash", {"command": "echo hello > notes.txt"}).category is Category.DATA_WRITE
    assert classify("bash", {"command": "echo hello"}).category is Category.BENIGN


_PARTS = st.sampled_from(
    [
        *(
            "rm -rf / ; | && || & ( ) { } $( ` \" ' $' << EOF\n > >> < 2>&1 <( if then fi for in do done while".split(
                " "
            )
        ),
        *("case esac f() sh -c eval xargs find -exec {} \\; sudo env base64 -d curl $x ${x:0:1} x=1 [[ ]]".split(" ")),
        *("(( )) \\ # ! * ? ~ powershell -enc iex C:\\x \0".split(" ")),
    ]
)


@given(st.lists(_PARTS | st.text(max_size=4), max_size=30))
@settings(max_examples=300, deadline=None)
def test_the_reader_itself_never_raises(parts):
    read_command(" ".join(parts), Readers())


@pytest.mark.parametrize(
    "opening", ["(", "$(", "{ ", "`", '"$(', "if ", "[[ ", "sh -c '", "<(", "eval ", "sudo ", "\0"]
)
def test_deep_nesting_neither_raises_nor_recurses_to_death(opening):
    read_command(opening * 5_000, Readers())


def test_a_function_that_calls_itself_ends():
    read_command("f() { f; g; }; g() { f; f; }; f", Readers())
    read_command("".join(f"f{n}() {{ f{n + 1}; f{n + 1}; }};" for n in range(40)) + "f0", Readers())


def test_a_variable_that_doubles_itself_ends():
    read_command("a=xxxxxxxxxxxxxxxx;" + "a=$a$a;" * 100 + "echo $a", Readers())
