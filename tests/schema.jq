# SPDX-License-Identifier: Apache-2.0
# A small checker of JSON Schema, for what our own schemas use: $ref to $defs, type, enum, const, required, properties,
# additionalProperties false, items, minimum, pattern. Another keyword fails the check: a schema must not promise what
# nobody looks at. usage: jq -n --slurpfile schema SCHEMA --slurpfile doc FILE -f schema.jq; prints what is wrong, nothing
# else.
def known: ["$ref", "$defs", "$schema", "title", "description", "type", "enum", "const", "required", "properties",
	"additionalProperties", "items", "minimum", "pattern"];
def kind: if type == "number" and . == floor then "integer" else type end;
def check($root; $s; $at):
	. as $v
	| if $s["$ref"] then check($root; $root["$defs"][$s["$ref"] | ltrimstr("#/$defs/")]; $at) else
		(($s | keys) - known | select(length > 0) | "\($at): the schema has \(.)"),
		(if $s | has("const") then select($v != $s.const) | "\($at): not \($s.const)" else empty end),
		(if $s.enum then select([$v] - $s.enum != []) | "\($at): \($v) is none of \($s.enum)" else empty end),
		(if $s.type then select([$v | kind, type] - ([$s.type] | flatten) | length == 2)
			| "\($at): \($v | kind), not \($s.type)" else empty end),
		(if $s.minimum and ($v | type) == "number" then select($v < $s.minimum) | "\($at): less than \($s.minimum)" else empty end),
		(if $s.pattern and ($v | type) == "string" then select($v | test($s.pattern) | not) | "\($at): \($v) is not \($s.pattern)" else empty end),
		(if $v | type == "object" then
			(($s.required // []) - ($v | keys) | .[] | "\($at): no \(.)"),
			(if $s.additionalProperties == false then ($v | keys) - ($s.properties // {} | keys) | .[] | "\($at): \(.) is unknown" else empty end),
			($v | to_entries[] | .key as $k | select($s.properties[$k]) | .value | check($root; $s.properties[$k]; "\($at)/\($k)"))
		else empty end),
		(if ($v | type) == "array" and $s.items then $v | to_entries[] | .key as $i | .value | check($root; $s.items; "\($at)/\($i)") else empty end)
	end;
$doc[0] | check($schema[0]; $schema[0]; "")
