# SPDX-License-Identifier: Apache-2.0
"""talk.py serve | talk.py talk [--udp BYTES] [--tcp BYTES] ADDRESS@OWN...

The server answers each datagram and each connection with the address that it saw and the number of
bytes that it got. That address must be OWN. Datagrams are sent with "don't fragment": one that does not
fit is an error."""

import argparse
import selectors
import socket
import sys
import threading

PORT = 5000


def answer(peer, size):
    return f"{peer[0]} {size}".encode()


def serve_stream(connection, peer):
    with connection:
        size = 0
        while data := connection.recv(65536):
            size += len(data)
        connection.sendall(answer(peer, size))


def serve():
    selector = selectors.DefaultSelector()
    for family, any_address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            sock = socket.socket(family, kind)
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind((any_address, PORT))
            if kind == socket.SOCK_STREAM:
                sock.listen(64)
            selector.register(sock, selectors.EVENT_READ, kind)
    while True:
        for key, _ in selector.select():
            if key.data == socket.SOCK_STREAM:
                threading.Thread(target=serve_stream, args=key.fileobj.accept(), daemon=True).start()
            else:
                data, peer = key.fileobj.recvfrom(65536)
                key.fileobj.sendto(answer(peer, len(data)), peer)


def connect(family, kind, address):
    sock = socket.socket(family, kind)
    sock.settimeout(3)
    if kind == socket.SOCK_DGRAM:
        # IP_MTU_DISCOVER and IPV6_MTU_DISCOVER, both to ..._DO
        level, option = (socket.IPPROTO_IP, 10) if family == socket.AF_INET else (socket.IPPROTO_IPV6, 23)
        sock.setsockopt(level, option, 2)
    sock.connect((address, PORT))
    return sock


def say(kind, address, own, size):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    expected = f"{own} {size}"
    with connect(family, kind, address) as sock:
        if kind == socket.SOCK_STREAM:
            sock.sendall(bytes(size))
            sock.shutdown(socket.SHUT_WR)
        else:
            sock.send(bytes(size))
        got = sock.recv(1000).decode()
    if got != expected:
        sys.exit(f"{address} saw \"{got}\", not \"{expected}\"")


def talk(options):
    for pair in options.pairs:
        address, _, own = pair.partition("@")
        headers = 48 if ":" in address else 28
        try:
            say(socket.SOCK_STREAM, address, own, options.tcp)
            say(socket.SOCK_DGRAM, address, own, options.udp - headers)
        except OSError as error:
            sys.exit(f"{address}: {error}")


parser = argparse.ArgumentParser(description=__doc__)
commands = parser.add_subparsers(required=True)
commands.add_parser("serve").set_defaults(run=lambda options: serve())
talking = commands.add_parser("talk")
talking.add_argument("pairs", nargs="+", metavar="ADDRESS@OWN")
talking.add_argument("--udp", type=int, default=1400, help="size of the packet")
talking.add_argument("--tcp", type=int, default=1000000)
talking.set_defaults(run=talk)
arguments = parser.parse_args()
arguments.run(arguments)
