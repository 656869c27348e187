# SPDX-License-Identifier: Apache-2.0
"""Who is where: the names that a table of traffic uses, and the namespaces behind them."""

import ctypes
import os

_libc = ctypes.CDLL(None, use_errno=True)
_CLONE_NEWNET = 0x40000000


def _enter(file):
    if _libc.setns(file.fileno(), _CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


class Inside:
    """with Inside(namespace): sockets made here stay there for ever."""

    def __init__(self, namespace):
        self.path = "/run/netns/" + namespace

    def __enter__(self):
        self.home = open("/proc/thread-self/ns/net")
        with open(self.path) as there:
            _enter(there)

    def __exit__(self, *_):
        _enter(self.home)
        self.home.close()


class Place:
    """A line of the world: NAME NAMESPACE IPV4 IPV6 [PORT,PORT...], "-" for what it has not."""

    def __init__(self, line):
        self.name, self.namespace, ipv4, ipv6, *ports = line.split()
        self.address = {family: address for family, address in ((4, ipv4), (6, ipv6))
                        if address != "-"}
        self.ports = [int(port) for port in ports[0].split(",")] if ports else []

    def there(self):
        return os.path.exists("/run/netns/" + self.namespace)


class World:
    def __init__(self, path):
        with open(path) as lines:
            self.places = [Place(line) for line in lines if line.strip() and line[0] != "#"]
        self._by_name = {place.name: place for place in self.places}
        self._names = {address: place.name for place in reversed(self.places)
                       for address in place.address.values()}

    def __getitem__(self, name):
        return self._by_name[name]

    def name_of(self, address):
        return self._names.get(address, address)
