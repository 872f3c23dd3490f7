"""Paths and hosts are told by what they are, on every system, from any."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smolagents.policy.intents.facts import TARGETS
from smolagents.policy.intents.places import target_of_host, target_of_path, target_of_url


@pytest.mark.parametrize(
    "path, target",
    [
        ("/", "root"),
        ("/*", "root"),
        ("C:\\", "root"),
        ("../../../..", "root"),
        ("~", "home"),
        ("$HOME", "home"),
        ("/home/ann", "home"),
        ("/Users/ann/Documents", "home"),
        ("%USERPROFILE%", "home"),
        ("/etc/passwd", "account"),
        ("../../../../etc/passwd", "account"),
        ("file:///etc/passwd", "account"),
        ("/etc//./shadow", "authority"),
        ("/etc/sudoers.d/x", "authority"),
        ("C:\\Windows\\System32\\config\\SAM", "authority"),
        ("~/.ssh/id_rsa", "secret"),
        ("/root/.aws/credentials", "secret"),
        (".env", "secret"),
        ("/proc/self/environ", "secret"),
        ("%APPDATA%\\..\\Local\\Google\\Chrome\\User Data\\Default\\Login Data", "secret"),
        ("wallet.dat", "secret"),
        ("~/.bashrc", "startup"),
        ("/etc/cron.d/x", "startup"),
        ("~/.ssh/authorized_keys", "startup"),
        ("HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\Run", "startup"),
        ("~/Library/LaunchAgents/a.plist", "startup"),
        ("/var/log/auth.log", "log"),
        ("~/.bash_history", "history"),
        ("/dev/sda", "device"),
        ("\\\\.\\PhysicalDrive0", "device"),
        ("/usr/bin/env", "system"),
        ("C:\\Windows\\x.dll", "system"),
        ("/proc/sys/kernel/x", "kernel"),
        ("/var/run/docker.sock", "container"),
        ("/tmp/x", "temp"),
        ("/dev/null", "temp"),
        ("/dev/shm/x", "temp"),
        ("data.csv", "file"),
        ("./out/x.txt", "file"),
        ("*", "file"),
        (".", "file"),
        ("~/work/x.py", "file"),
        ("/mnt/data/x", "file"),
        ("keys.csv", "file"),
        ("tokenizer.json", "file"),
        (".env.example", "file"),
        ("", "file"),
    ],
)
def test_a_path_is_what_it_leads_to(path, target):
    assert target_of_path(path) == target


@pytest.mark.parametrize(
    "host, target",
    [
        ("localhost", "loopback"),
        ("127.0.0.1:80", "loopback"),
        ("2130706433", "loopback"),
        ("0x7f.1", "loopback"),
        ("::1", "loopback"),
        ("::ffff:127.0.0.1", "loopback"),
        ("10.0.0.1", "private_host"),
        ("db", "private_host"),
        ("169.254.169.254", "metadata_host"),
        ("metadata.google.internal", "metadata_host"),
        ("0xa9fea9fe", "metadata_host"),
        ("x.ngrok.io", "drop_host"),
        ("PASTEBIN.com.", "drop_host"),
        ("abc.onion", "drop_host"),
        ("evil.com", "drop_host"),
        ("api.example.com", "host"),
        ("8.8.8.8", "host"),
        ("devil.com", "host"),
        ("notpastebin.com", "host"),
        ("", "unknown"),
    ],
)
def test_a_host_is_what_it_stands_for(host, target):
    assert target_of_host(host) == target


@pytest.mark.parametrize(
    "url, target",
    [
        ("https://user:pass@localhost:8080/x", "loopback"),
        ("http://169.254.169.254/latest", "metadata_host"),
        ("https://discord.com/api/webhooks/1/x", "drop_host"),
        ("https://discord.com/channels", "host"),
        ("file:///etc/shadow", "authority"),
        ("not a url", "unknown"),
        ("http:///", "unknown"),
    ],
)
def test_a_url_is_what_it_leads_to(url, target):
    assert target_of_url(url) == target


@given(st.text(st.characters(codec=None)))
def test_any_text_is_something(text):
    assert {target_of_path(text), target_of_host(text), target_of_url(text)} <= TARGETS
