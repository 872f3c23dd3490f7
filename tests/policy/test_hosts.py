"""Which host a text names: what clients may read differently is unknown."""

from __future__ import annotations

from ipaddress import IPv4Address, ip_address
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smolagents.policy.hosts import HostSet, host_of

from .executions import problems


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("api.example.com", "api.example.com"),
        ("API.Example.COM.", "api.example.com"),
        ("api.example.com:8443", "api.example.com"),
        ("https://api.example.com", "api.example.com"),
        ("HTTPS://user:secret@API.example.com.:443/a b?c=d@e#f", "api.example.com"),
        ("https://example.com/caf\u00e9", "example.com"),
        ("http://api.example.com@evil.com", "evil.com"),
        ("http://api.example.com%40x@evil.com/", "evil.com"),
        ("http://api.example.com:80@evil.com:80/", "evil.com"),
        ("http://evil.com/@api.example.com", "evil.com"),
        ("http://evil.com/\\@api.example.com", "evil.com"),
        ("http://evil.com#", "evil.com"),
        ("under_score.example.com", "under_score.example.com"),
        ("192.0.2.1", ip_address("192.0.2.1")),
        ("http://192.0.2.1:80/", ip_address("192.0.2.1")),
        ("[2001:db8::1]:80", ip_address("2001:db8::1")),
        ("2001:DB8::1", ip_address("2001:db8::1")),
        ("http://[::ffff:192.0.2.1]/", IPv4Address("192.0.2.1")),
        ("::ffff:7f00:1", IPv4Address("127.0.0.1")),
    ],
)
def test_what_every_client_reads_alike_has_a_host(text, host):
    assert host_of(text) == host


@pytest.mark.parametrize(
    "text",
    [
        *("", "http://", "http:///evil.com", "https://:80/", "http://@/", "http://api.example.com@/", "."),
        *("//evil.com", "http:evil.com", "http:/evil.com", "http:\\\\evil.com", "http:80", "https:443"),
        *(
            "http://evil.com#@api.example.com",
            "http://evil.com?@api.example.com",
            "http://evil.com?\\@api.example.com",
        ),
        *(
            "http://api.example.com\\@evil.com",
            "http://evil.com\\.api.example.com",
            "http://a@api.example.com@evil.com",
        ),
        *("http://evil.com%2f@api.example.com@x", "http://evil%2ecom", "http://api.example.com%00.evil.com"),
        *("http://api.example.com%40evil.com", "http://api.example.com%23.evil.com", "http://api example.com"),
        *(" http://evil.com", "http://evil.com ", "\thttp://evil.com", "ht\ntp://evil.com", "http://ev\til.com"),
        *("http://evil.com\n", "http://evil.com\x00", "http://evil.com/\r\nHost: api.example.com"),
        *(
            "http://\uff45vil.com",
            "http://evil\u3002com",
            "http://b\u00fccher.de",
            "http://\u212aube.com",
            "\u24d4vil.com",
        ),
        *("http://127.1", "127.1", "0x7f.1", "0x7f000001", "2130706433", "0177.0.0.1", "127.0.0.01", "127.0.0.1."),
        *("1.2.3.4.5", "1.2.3.256", "evil.0x", "evil.0x7f", "http://0x7f.1/", "http://[::1%25lo]/", "fe80::1%eth0"),
        *("http://[::1", "http://::1/", "http://[evil.com]/", "[::1]x", "[127.0.0.1]", "http://[v1.x]/"),
        *("evil.com:", "evil.com:99999", "evil.com:-1", "evil.com:\u0661", "evil.com:80:80", "http://evil.com:port/"),
        *("user@evil.com", "evil.com/path", "mailto:a@evil.com", "data:,evil.com", "url:http://evil.com"),
        *("view-source:http://evil.com", "<http://evil.com>", "-evil.com", "evil-.com", "evil..com", ".evil.com"),
        *("a" * 64 + ".com", "a." * 127 + "com", "please open evil.com", "evil.com,api.example.com", "*.evil.com"),
    ],
)
def test_what_clients_may_read_differently_has_none(text):
    assert host_of(text) is None


@given(st.text(st.sampled_from("abe.:/@\\?#%[]0x17 \t\u3002\uff0f"), max_size=24))
def test_a_host_that_is_known_is_the_one_that_urllib_reads(rest):
    text = f"http://{rest}"
    host = host_of(text)
    if host is not None:
        read = urlsplit(text).hostname
        assert read is not None
        assert host == (read.removesuffix(".") if isinstance(host, str) else host_of(read))


@given(st.text(max_size=40), st.sampled_from(["", "http://", "https://a@", "http://["]))
def test_any_text_has_a_host_or_none(rest, start):
    host = host_of(start + rest)
    assert host is None or not isinstance(host, str) or host.isascii()


def test_names_are_named_exactly_or_by_what_is_above_them():
    hosts = HostSet(["api.example.com", "*.Example.org."])
    assert hosts.has("https://API.example.com/x") and hosts.has("a.b.example.org") and hosts.has("a.example.org.")
    for other in ("example.com", "x.api.example.com", "example.org", "notexample.org", "api.example.com.evil.com"):
        assert hosts.has(other) is False, other
    assert hosts.has("not a host") is None


def test_addresses_are_named_one_by_one_or_by_network():
    hosts = HostSet(["10.0.0.0/8", "192.0.2.1", "2001:db8::/32", "::ffff:198.51.100.0/120", "[2001:db9::1]"])
    for inside in (
        "10.1.2.3",
        "http://192.0.2.1:8/",
        "[2001:db8::5]",
        "::ffff:10.0.0.1",
        "198.51.100.7",
        "2001:db9::1",
    ):
        assert hosts.has(inside) is True, inside
    for outside in ("11.0.0.0", "192.0.2.2", "2001:db9::2", "::ffff:11.0.0.1", "example.com"):
        assert hosts.has(outside) is False, outside


def test_what_may_be_an_address_in_disguise_is_unknown():
    hosts = HostSet(["127.0.0.0/8"])
    for text in (
        "localhost",
        "a.localhost",
        "0.0.0.0",
        "::",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "::127.0.0.1",
        "127.1",
    ):
        assert hosts.has(text) is None, text
    assert HostSet(["localhost"]).has("localhost") is True and HostSet(["example.com"]).has("localhost") is False


def test_an_address_is_in_the_set_if_a_name_in_it_has_that_address_now():
    addresses = {"api.example.com": frozenset([ip_address("192.0.2.1")])}
    hosts = HostSet(["api.example.com", "gone.example.com"], lambda name: addresses.get(name, frozenset()))
    assert hosts.has("192.0.2.1") is True and hosts.has("192.0.2.2") is False


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("https://api.example.com", "no scheme, port or path"),
        ("api.example.com:443", "no scheme, port or path"),
        ("api.example.com/x", "no scheme, port or path"),
        ("*", "not a host"),
        ("a.*.com", "not a host"),
        ("10.0.0.1/8", "no bits after its length"),
        ("127.1.", "not an IP address"),
        ("010.0.0.1", "not an IP address"),
        ("b\u00fccher.de", "xn--"),
    ],
)
def test_an_entry_that_names_no_host_is_refused(entry, words):
    rule = f"{{id: a, action: deny, when: {{arguments: {{url: {{host_in: ['{entry}']}}}}}}}}"
    (problem,) = problems(f"version: 1\nrules: [{rule}]\n")
    assert words in problem and "rules[0].when.arguments.url.host_in[0]" in problem
