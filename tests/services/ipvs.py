# SPDX-License-Identifier: Apache-2.0
"""What kube-proxy's IPVS mode makes: the Services for ipvsadm -R, their addresses for the dummy link, for ip
-batch, and rules for iptables-restore --noflush. Where kube-proxy has sets of ipset's there are
as many rules here."""

import chains

LINK = "kube-ipvs0"
KINDS = {"tcp": "-t", "udp": "-u", "sctp": "--sctp-service"}



def at(address, port):
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def server(port, address, number, backends):
    one = f"{KINDS[port.protocol]} {at(address, number)}"
    yield f"-A {one} -s rr" + (f" -p {chains.STICKY}" if port.sticky else "")
    for backend in backends:
        yield f"-a {one} -r {at(backend.address, backend.port)} -m -w 1"


def servers(cluster):
    for port in cluster.ports():
        yield from server(port, port.address, port.port, port.inside)
        if port.node_port:
            yield from server(port, cluster.node_address, port.node_port, port.outside)


def addresses(cluster):
    for address in dict.fromkeys(port.address for port in cluster.ports()):
        yield f"addr add {address} dev {LINK}" + (" nodad" if cluster.family == 6 else "")


def marks(port, cluster):
    """Who is to be masqueraded; what goes to a Service is nobody else's then."""
    yield f"-A KUBE-SERVICES ! -s {cluster.pods} {chains.to_service(port)} -j KUBE-MARK-MASQ"
    yield f"-A KUBE-SERVICES {chains.to_service(port)} -j ACCEPT"
    if port.node_port:
        verdict = "RETURN" if port.outside_local else "KUBE-MARK-MASQ"
        yield f"-A KUBE-NODE-PORT -p {port.protocol} --dport {port.node_port} -j {verdict}"


def loops(cluster):
    """From a pod to itself."""
    for address, protocol, number in dict.fromkeys(
            (backend.address, port.protocol, backend.port)
            for port in cluster.ports() for backend in port.local):
        yield (f"-A KUBE-POSTROUTING -s {address} -d {address} -p {protocol} --dport {number}"
               " -j MASQUERADE")


def rules(cluster):
    yield chains.FILTER.format(localhost=cluster.localhost)
    yield "COMMIT"
    # kube-proxy puts its jumps first, whoever was there before.
    yield chains.NAT.replace("-A PREROUTING", "-I PREROUTING").replace("-A OUTPUT", "-I OUTPUT")
    yield ":KUBE-NODE-PORT -"
    yield f"-A KUBE-SERVICES -s {cluster.localhost} -j RETURN"
    for port in cluster.ports():
        yield from marks(port, cluster)
    yield "-A KUBE-SERVICES -m addrtype --dst-type LOCAL -j KUBE-NODE-PORT"
    yield from loops(cluster)
    yield chains.MASQUERADING
    yield "COMMIT"
