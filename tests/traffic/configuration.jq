# SPDX-License-Identifier: Apache-2.0
# The configurations of the world's pods: an object {POD: {bridge: ..., portmap: ...}}.
# $words: those that world() was called with.

def has_word($word): $words | index($word) != null;

def backend($key):
	if has_word("nftables") then {($key): "nftables"}
	elif has_word("iptables") then {($key): "iptables"}
	else {} end;

def hostport($on; $port; $ip):
	{hostPort: $port, containerPort: 80, protocol: $on} + if $ip then {hostIP: $ip} else {} end;

def any($port): [hostport("tcp", "udp", "SCTP"; $port; null)];

def only($port; $ips): [hostport("tcp", "udp", "sctp"; $port; $ips[])];

# The third group of the network's addresses, the last of the pod's.
def addresses($net; $last): ["10.\($net).1.\($last)", "fd00:\($net):1::\($last)"];

def bridge($bridge; $net):
	{type: "bridge", bridge: $bridge, isGateway: true, hairpinMode: has_word("brnf"),
	 ipam: {type: "host-local",
		ranges: [[{subnet: "10.\($net).1.0/24"}], [{subnet: "fd00:\($net):1::/64"}]],
		routes: [{dst: "0.0.0.0/0"}, {dst: "::/0"}]}}
	+ backend("ipMasqBackend");

def portmap: {type: "portmap"} + backend("backend");

def pod($network; $bridge; $portmap; $ips; $ports):
	{cniVersion: (if has_word("reference") then "1.0.0" else "1.1.0" end), name: $network} as $head |
	{bridge: ($head + $bridge + {runtimeConfig: {ips: $ips}}),
	 portmap: ($head + $portmap + {runtimeConfig: {portMappings: $ports}})};

(bridge("cni0"; 244) + {ipMasq: true, nonMasqueradeCIDRs: ["10.99.0.0/16", "fd99::/64"]}) as $cni0 |
{
	p1: pod("podnet"; $cni0; portmap; addresses(244; 5);
		any(8080) + only(8081; ["192.168.50.1", "fd50::1"]) + only(8082; ["127.0.0.1"]) +
		only(8086; ["192.168.50.1"])),
	p2: pod("podnet"; $cni0; portmap; addresses(244; 6); []),
	p4: pod("podnet"; $cni0; portmap + {masqAll: true}; addresses(244; 7); any(8084)),
	p3: pod("plainnet"; bridge("cni1"; 245); portmap; addresses(245; 5); any(8083)),
	p5: pod("lonenet"; bridge("cni2"; 246); portmap + {snat: false}; addresses(246; 5); any(8085))
}
