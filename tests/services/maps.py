# SPDX-License-Identifier: Apache-2.0
"""What kube-proxy's nftables mode writes, for nft -f: Services are elements of maps."""

STICKY = "3h"

TABLE = """table {ip} kube-proxy {{
	set cluster-ips {{ type {type}; }}
	set nodeport-ips {{ type {type}; elements = {{ {node} }}; }}
	map service-ips {{ type {type} . inet_proto . inet_service : verdict; }}
	map service-nodeports {{ type inet_proto . inet_service : verdict; }}
	map no-endpoint-services {{ type {type} . inet_proto . inet_service : verdict; }}
	map no-endpoint-nodeports {{ type inet_proto . inet_service : verdict; }}

	chain mark-for-masquerade {{ meta mark set mark or 0x4000; }}
	chain masquerading {{
		mark and 0x4000 == 0 return
		meta mark set mark xor 0x4000
		masquerade fully-random
	}}
	chain reject-chain {{ reject; }}
	chain services {{
		{ip} daddr . meta l4proto . th dport vmap @service-ips
		{ip} daddr @nodeport-ips meta l4proto . th dport vmap @service-nodeports
	}}
	chain service-endpoints-check {{
		{ip} daddr . meta l4proto . th dport vmap @no-endpoint-services
	}}
	chain nodeport-endpoints-check {{
		{ip} daddr @nodeport-ips meta l4proto . th dport vmap @no-endpoint-nodeports
	}}
	chain cluster-ips-check {{ {ip} daddr @cluster-ips reject; }}

	chain filter-input {{
		type filter hook input priority -110
		ct state new jump nodeport-endpoints-check
		ct state new jump service-endpoints-check
	}}
	chain filter-forward {{
		type filter hook forward priority -110
		ct state new jump service-endpoints-check
		ct state new jump cluster-ips-check
	}}
	chain filter-output {{
		type filter hook output priority -110
		ct state new jump service-endpoints-check
	}}
	chain filter-output-post-dnat {{
		type filter hook output priority -90
		ct state new jump cluster-ips-check
	}}
	chain nat-prerouting {{
		type nat hook prerouting priority dstnat
		jump services
	}}
	chain nat-output {{
		type nat hook output priority -100
		jump services
	}}
	chain nat-postrouting {{
		type nat hook postrouting priority srcnat
		jump masquerading
	}}"""


class Names:
    def __init__(self, port):
        self.of = port.name.partition(".")[0] + "-" + port.protocol
        self.service, self.local, self.external = (
            f"{kind}-{self.of}" for kind in ("service", "service-local", "external"))

    def end(self, backend):
        return f"endpoint-{self.of}-{backend.name}"

    def known(self, backend):
        return f"affinity-{self.of}-{backend.name}"


def chain(name, *rules):
    return "\n".join([f"\tchain {name} {{", *(f"\t\t{rule}" for rule in rules if rule), "\t}"])


def end(ip, port, backend, names):
    target = f"[{backend.address}]" if ":" in backend.address else backend.address
    if port.sticky:
        yield (f"\tset {names.known(backend)} {{ type {'ipv6' if ip == 'ip6' else 'ipv4'}_addr;"
               f" flags dynamic,timeout; timeout {STICKY}; }}")
    yield chain(names.end(backend), f"{ip} saddr {backend.address} jump mark-for-masquerade",
                port.sticky and f"update @{names.known(backend)} {{ {ip} saddr }}",
                f"meta l4proto {port.protocol} dnat to {target}:{backend.port}")


def one_of(ip, port, backends, names):
    """One of them, at random, unless the client has been with one before."""
    for backend in backends if port.sticky else ():
        yield f"{ip} saddr @{names.known(backend)} goto {names.end(backend)}"
    if backends:
        numbered = ", ".join(f"{i} : goto {names.end(end)}" for i, end in enumerate(backends))
        yield f"numgen random mod {len(backends)} vmap {{ {numbered} }}"


def from_outside(ip, port, cluster, names):
    if not port.outside_local:
        return "jump mark-for-masquerade", f"goto {names.service}"
    return (f"{ip} saddr {cluster.pods} goto {names.service}",
            "fib saddr type local jump mark-for-masquerade",
            f"fib saddr type local goto {names.service}",
            port.local and f"goto {names.local}")


def service(ip, port, cluster):
    names = Names(port)
    for backend in port.backends:
        yield from end(ip, port, backend, names)
    for name, backends in ((names.service, port.backends), (names.local, port.local)):
        yield chain(name, f"{ip} daddr {port.address} {port.protocol} dport {port.port}"
                          f" {ip} saddr != {cluster.pods} jump mark-for-masquerade",
                    *one_of(ip, port, backends, names))
    if port.node_port:
        yield chain(names.external, *from_outside(ip, port, cluster, names))


def elements(ip, port):
    """What leads to the chains: commands for nft."""
    def element(name, *words):
        return f"add element {ip} kube-proxy {name} {{ {' . '.join(words[:-1])} : {words[-1]} }}"

    names, nobody = Names(port), "drop" if port.backends else "goto reject-chain"
    address = port.address, port.protocol, port.port
    node = port.protocol, port.node_port
    if port.protocol == "tcp":
        yield f"add element {ip} kube-proxy cluster-ips {{ {port.address} }}"
    if port.inside:
        yield element("service-ips", *address,
                      f"goto {names.local if port.inside_local else names.service}")
    else:
        yield element("no-endpoint-services", *address, nobody)
    if port.node_port and port.backends:
        yield element("service-nodeports", *node, f"goto {names.external}")
    if port.node_port and not port.outside:
        yield element("no-endpoint-nodeports", *node, nobody)


def write(cluster):
    ip = "ip" if cluster.family == 4 else "ip6"
    yield TABLE.format(ip=ip, type="ipv4_addr" if cluster.family == 4 else "ipv6_addr",
                       node=cluster.node_address)
    for port in cluster.ports():
        yield from service(ip, port, cluster)
    yield "}"
    for port in cluster.ports():
        yield from elements(ip, port)
