from ipaddress import ip_network

import pytest

from pipeline.fetching.addresses import AddressRules, check_address, check_url
from pipeline.fetching.errors import FetchRefused

RULES = AddressRules()

ATTEMPTS = {
    # schemes
    "file:///etc/passwd": "scheme",
    "ftp://example.com/a": "scheme",
    "gopher://example.com:70/_x": "scheme",
    "data:text/html,x": "scheme",
    "javascript:alert(1)": "scheme",
    "//example.com/a": "scheme",
    "example.com/a": "scheme",
    "unix:///var/run/docker.sock": "scheme",
    "ws://example.com/": "scheme",
    "": "scheme",
    # credentials, and what hides a host behind them
    "http://user@example.com/": "credentials",
    "http://user:secret@example.com/": "credentials",
    "http://example.com@127.0.0.1/": "credentials",
    "http://@example.com/": "credentials",
    "http://:@example.com/": "credentials",
    # ports
    "http://example.com:22/": "port",
    "http://example.com:6379/": "port",
    "https://example.com:9092/": "port",
    "http://example.com:0/": "port",
    # forms that parsers read differently
    "http://example.com\\@127.0.0.1/": "malformed",
    "http://exa mple.com/": "malformed",
    "http://example.com/\r\nHost: internal": "malformed",
    "http://example.com/\x00": "malformed",
    "http://example.com/\u202e": "malformed",
    "http://[::1/": "malformed",
    "http://exam%70le.com/": "malformed",
    "http://" + "a" * 300 + ".com/": "malformed",
    "http://example.com/" + "a" * 9000: "malformed",
    "http:///path": "malformed",
    "http://example.com:99999/": "malformed",
    # loopback and nowhere
    "http://127.0.0.1/": "address",
    "http://127.8.9.1/": "address",
    "http://0.0.0.0/": "address",
    "http://0/": "address",
    "http://[::]/": "address",
    "http://[::1]/": "address",
    # numbers that resolvers read as addresses
    "http://2130706433/": "address",
    "http://0x7f000001/": "address",
    "http://0x7f.1/": "address",
    "http://127.1/": "address",
    "http://0177.0.0.1/": "address",
    "http://017700000001/": "address",
    "http://127.0.0.1./": "address",
    "http://127。0。0。1/": "address",
    "http://①②⑦.0.0.1/": "address",
    # private and shared
    "http://10.0.0.1/": "address",
    "http://172.16.0.1/": "address",
    "http://192.168.1.1/": "address",
    "http://100.64.0.1/": "address",
    "http://[fc00::1]/": "address",
    "http://[fec0::1]/": "address",
    # link-local, and the services of clouds
    "http://169.254.169.254/latest/meta-data/": "address",
    "http://[fe80::1]/": "address",
    "http://[fd00:ec2::254]/": "address",
    "http://100.100.100.200/": "address",
    "http://192.0.0.192/": "address",
    "http://168.63.129.16/": "address",
    # IPv4 within IPv6
    "http://[::ffff:127.0.0.1]/": "address",
    "http://[::ffff:10.0.0.1]/": "address",
    "http://[::127.0.0.1]/": "address",
    "http://[::ffff:0:127.0.0.1]/": "address",
    "http://[64:ff9b::127.0.0.1]/": "address",
    "http://[64:ff9b::a9fe:a9fe]/": "address",
    "http://[64:ff9b:1::127.0.0.1]/": "address",
    "http://[2002:7f00:1::]/": "address",
    "http://[2002:a9fe:a9fe::]/": "address",
    "http://[2001:0:7f00:1::]/": "address",
    "http://[2001:0:808:808::80ff:fffe]/": "address",  # Teredo of 127.0.0.1
    # multicast, broadcast, documentation, benchmarks, the future
    "http://224.0.0.1/": "address",
    "http://255.255.255.255/": "address",
    "http://192.0.2.1/": "address",
    "http://198.18.0.1/": "address",
    "http://240.0.0.1/": "address",
    "http://[ff02::1]/": "address",
    "http://[2001:db8::1]/": "address",
    "http://[100::1]/": "address",
}


def test_the_table_is_large() -> None:
    assert len(ATTEMPTS) >= 60


@pytest.mark.parametrize(("url", "reason"), ATTEMPTS.items(), ids=lambda value: repr(value)[:50])
def test_attempts_are_refused(url: str, reason: str) -> None:
    with pytest.raises(FetchRefused) as caught:
        check_url(url, RULES)
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com",
        "https://example.com/a?b=c#d",
        "https://example.com:443/",
        "http://example.com:80/",
        "https://münchen.example/straße",
        "https://新闻.例子/今天",
        "http://1.1.1.1/",
        "http://8.8.8.8.example/",
        "http://[2606:4700:4700::1111]/",
        "http://[64:ff9b::8.8.8.8]/",
        "https://sub_domain.example.com/",
    ],
)
def test_ordinary_urls_are_allowed(url: str) -> None:
    assert check_url(url, RULES).host


def test_a_fragment_is_not_sent() -> None:
    assert str(check_url("https://example.com/a#b", RULES)) == "https://example.com/a"


def test_refusals_name_no_path_or_query() -> None:
    with pytest.raises(FetchRefused) as caught:
        check_url("http://10.0.0.1/private?token=secret", RULES)
    assert "secret" not in str(caught.value)
    assert "private" not in str(caught.value)


def test_own_networks_and_ports_are_allowed_by_rules() -> None:
    rules = AddressRules(ports=frozenset({8080}), own_networks=(ip_network("10.1.0.0/16"), ip_network("::1/128")))
    check_url("http://10.1.2.3:8080/", rules)
    check_url("http://[::1]:8080/", rules)
    for other in ("http://10.2.2.3:8080/", "http://127.0.0.1:8080/", "http://10.1.2.3/"):
        with pytest.raises(FetchRefused):
            check_url(other, rules)


def test_an_address_with_a_zone_or_of_no_form_is_refused() -> None:
    for address in ("fe80::1%eth0", "2606:4700:4700::1111%1", "localhost", ""):
        with pytest.raises(FetchRefused):
            check_address(address, RULES)
