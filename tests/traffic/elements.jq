# SPDX-License-Identifier: Apache-2.0
# Of "nft -j list ruleset": a line for each element of podwire's sets and maps,
#     OWNER	FAMILY SET KEY [: DATA]
# as nft(8) writes them; the owner is the element's comment.

def one: if type == "object" then (.concat // [.jump | "jump " + .target]) | map(tostring) | join(" . ")
	else tostring end;

.nftables[] | .map // .set | objects | select(.table == "podwire") |
	"\(.family) \(.name)" as $set | .elem[]? |
	(if type == "array" then . else [.] end) as [$element, $data] |
	($element.elem // {val: $element}) |
	"\(.comment // "?")\t\($set) \(.val | one)\(if $data then " : " + ($data | one) else "" end)"
