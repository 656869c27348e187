# SPDX-License-Identifier: Apache-2.0
"""The first two packets of an SCTP association (RFC 9260, 3.3.2 and 3.3.3), as bytes.

Many kernels have no SCTP, but all that translate addresses translate its packets too; those with a
bad checksum they leave alone. So a raw socket on both sides is enough. What the server has to say
stands in the state cookie of its answer.
"""

import socket
import struct
from typing import NamedTuple

PROTOCOL = 132
INIT, INIT_ACK = 1, 2
COOKIE = 7


class Packet(NamedTuple):
    source: int
    port: int
    kind: int
    tag: int  # the client's, in both
    cookie: bytes


def _table():
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        yield value


_CRC32C = tuple(_table())


def _crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _CRC32C[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


def _packet(source, destination, tag, chunk):
    head = struct.pack("!HHI", source, destination, tag)
    crc = struct.pack("<I", _crc32c(head + bytes(4) + chunk))
    return head + crc + chunk


def _chunk(kind, tag, cookie=b""):
    parameters = b""
    if cookie:
        parameters = struct.pack("!HH", COOKIE, 4 + len(cookie)) + cookie + bytes(-len(cookie) % 4)
    # Initiate tag, window, streams out and in, first TSN.
    body = struct.pack("!IIHHI", tag, 65536, 1, 1, 1) + parameters
    return struct.pack("!BBH", kind, 0, 4 + len(body)) + body


def init(source, destination, tag):
    return _packet(source, destination, 0, _chunk(INIT, tag))


def init_ack(to, cookie):
    """The answer to an INIT that was read. Without the INIT's tag connection tracking drops it."""
    return _packet(to.port, to.source, to.tag, _chunk(INIT_ACK, 1, cookie))


def read(packet, family):
    """What a raw socket got. None: it is no INIT or INIT ACK."""
    if family == socket.AF_INET:  # which shows the IP header
        packet = packet[(packet[0] & 15) * 4:]
    if len(packet) < 32 or packet[12] not in (INIT, INIT_ACK):
        return None
    source, port, to_tag = struct.unpack_from("!HHI", packet)
    cookie = b""
    if len(packet) >= 36:
        cookie = packet[36:32 + struct.unpack_from("!H", packet, 34)[0]]
    own_tag = struct.unpack_from("!I", packet, 16)[0]
    return Packet(source, port, packet[12], own_tag if packet[12] == INIT else to_tag, cookie)
