# SPDX-License-Identifier: Apache-2.0
"""What kube-proxy's iptables mode writes, for iptables-restore --noflush."""

STICKY = 10800  # seconds

FILTER = """*filter
:KUBE-EXTERNAL-SERVICES -
:KUBE-FIREWALL -
:KUBE-FORWARD -
:KUBE-SERVICES -
-A INPUT -m conntrack --ctstate NEW -j KUBE-EXTERNAL-SERVICES
-A INPUT -j KUBE-FIREWALL
-A FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD
-A FORWARD -m conntrack --ctstate NEW -j KUBE-SERVICES
-A FORWARD -m conntrack --ctstate NEW -j KUBE-EXTERNAL-SERVICES
-A OUTPUT -m conntrack --ctstate NEW -j KUBE-SERVICES
-A OUTPUT -j KUBE-FIREWALL
-A KUBE-FIREWALL ! -s {localhost} -d {localhost} -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP
-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
-A KUBE-FORWARD -m mark --mark 0x4000/0x4000 -j ACCEPT
-A KUBE-FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"""

NAT = """*nat
:KUBE-SERVICES -
:KUBE-NODEPORTS -
:KUBE-POSTROUTING -
:KUBE-MARK-MASQ -
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
-A KUBE-MARK-MASQ -j MARK --or-mark 0x4000"""

MASQUERADING = """-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A KUBE-POSTROUTING -j MARK --xor-mark 0x4000
-A KUBE-POSTROUTING -j MASQUERADE --random-fully"""


def to_service(port):
    return f"-d {port.address} -p {port.protocol} --dport {port.port}"


def to_node(port):
    return f"-m addrtype --dst-type LOCAL -p {port.protocol} --dport {port.node_port}"


def unserved(port):
    """Where there is nobody at all somebody says so; where there is nobody here nobody does."""
    verdict = "DROP" if port.backends else "REJECT"
    if not port.inside:
        yield f"-A KUBE-SERVICES {to_service(port)} -j {verdict}"
    if port.node_port and not port.outside:
        yield f"-A KUBE-EXTERNAL-SERVICES {to_node(port)} -j {verdict}"


def one_of(chain, port, backends, ends):
    """One of them, at random, unless the client has been with one before."""
    for backend in backends if port.sticky else ():
        yield (f"-A {chain} -m recent --name {ends[backend]} --rcheck --seconds {STICKY} --reap"
               f" --rsource -j {ends[backend]}")
    for left, backend in zip(range(len(backends), 0, -1), backends):
        chance = f" -m statistic --mode random --probability {1 / left:.6f}" if left > 1 else ""
        yield f"-A {chain}{chance} -j {ends[backend]}"


def end(chain, port, backend):
    target = f"[{backend.address}]" if ":" in backend.address else backend.address
    yield f"-A {chain} -s {backend.address} -j KUBE-MARK-MASQ"
    recent = f" -m recent --name {chain} --set --rsource" if port.sticky else ""
    yield f"-A {chain} -p {port.protocol}{recent} -j DNAT --to-destination {target}:{backend.port}"


def from_outside(chain, port, cluster, all_of_them, local):
    if not port.outside_local:
        yield f"-A {chain} -j KUBE-MARK-MASQ"
        yield f"-A {chain} -j {all_of_them}"
        return
    yield f"-A {chain} -s {cluster.pods} -j {all_of_them}"
    yield f"-A {chain} -m addrtype --src-type LOCAL -j KUBE-MARK-MASQ"
    yield f"-A {chain} -m addrtype --src-type LOCAL -j {all_of_them}"
    if port.local:
        yield f"-A {chain} -j {local}"


def entrances(port, cluster, svc, svl, ext):
    """How packets get there."""
    if port.inside:
        yield f"-A KUBE-SERVICES {to_service(port)} -j {svl if port.inside_local else svc}"
    if port.node_port and port.backends:
        yield f":{ext} -"
        yield f"-A KUBE-NODEPORTS -p {port.protocol} --dport {port.node_port} -j {ext}"
        yield from from_outside(ext, port, cluster, svc, svl)


def service(port, cluster):
    """Its chains, and the rules in them."""
    name = f"{port.name.partition('.')[0]}-{port.protocol}".upper()
    svc, svl, ext = (f"KUBE-{kind}-{name}" for kind in ("SVC", "SVL", "EXT"))
    ends = {backend: f"KUBE-SEP-{name}-{backend.name.upper()}" for backend in port.backends}
    choices = {svc: port.backends}
    if port.inside_local or port.outside_local:
        choices[svl] = port.local
    yield from (f":{chain} -" for chain in (*choices, *ends.values()))
    yield from entrances(port, cluster, svc, svl, ext)
    for chain, backends in choices.items():
        yield f"-A {chain} ! -s {cluster.pods} {to_service(port)} -j KUBE-MARK-MASQ"
        yield from one_of(chain, port, backends, ends)
    for backend, chain in ends.items():
        yield from end(chain, port, backend)


def write(cluster):
    yield FILTER.format(localhost=cluster.localhost)
    for port in cluster.ports():
        yield from unserved(port)
    yield "COMMIT"
    yield NAT
    yield MASQUERADING
    for port in cluster.ports():
        yield from service(port, cluster)
    # Node ports last. The answer to ::1 would never come back.
    not_here = "! -d ::1 " if cluster.family == 6 else ""
    yield f"-A KUBE-SERVICES {not_here}-m addrtype --dst-type LOCAL -j KUBE-NODEPORTS"
    yield "COMMIT"
