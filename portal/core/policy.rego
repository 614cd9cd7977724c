# The policy for an Open Policy Agent server: reads data.policy, which is policy.toml as JSON, and answers one question
# (portal.core.opa.question) as portal.core.access.decide does. A test holds the two together on every combination.
package portal

import rego.v1

# POST /v1/data/portal/decision {"input": question}
decision := object.union(judged(input), {"revision": data.policy.revision})

# Many at once: {"input": {"questions": [question, ...]}}
decisions := [judged(question) | some question in input.questions]

judged(q) := yes("system", "") if {
	q.role == "system"
} else := no("unassigned") if {
	not knows(q)
} else := narrowed(q, found(q)) if {
	found(q)
} else := no("right")

# A right that was found is narrowed by the key, the volume, the place and the separation of duties.
narrowed(q, right) := no("key") if {
	is_array(q.scopes)
	not q.act in q.scopes
} else := no("restricted") if {
	q.about.restricted
	not q.role in data.policy.restricted.readers
} else := no("place") if {
	not endswith(q.act, ".read")
	right.instrument == ""
	not posted(q)
} else := no("separation") if {
	some done in q.about.done
	done in data.policy.separation[q.act]
} else := right

yes(why, instrument) := {"allow": true, "why": why, "instrument": instrument}

no(why) := {"allow": false, "why": why, "instrument": ""}

# A consultant knows the projects assigned to them.
knows(q) if not q.role in data.policy.assigned.roles

knows(q) if is_null(q.about.project)

knows(q) if q.about.project in q.projects

# What gives the right: what everybody has, the role, or an instrument of delegation; undefined where nothing does.
found(q) := yes("everyone", "") if {
	q.act in data.policy.everyone.acts
} else := yes("role", "") if {
	holds(q)
} else := yes("instrument", number) if {
	number := [i.number | some i in q.instruments; lends(i, q)][0]
}

holds(q) if {
	[module, "read"] = split(q.act, ".")
	contains(data.policy.modules[module][q.role], "R")
}

holds(q) if {
	[module, verb] = split(q.act, ".")
	verb != "read"
	contains(data.policy.modules[module][q.role], "W")
	named(q, verb)
}

named(_, "write") := true

named(q, verb) if {
	verb != "write"
	q.role in data.policy.acts[q.act]
}

# Amounts are whole paise here and whole rupees in the policy; days are ISO 8601 texts, whose order is that of time.
lends(i, q) if {
	q.act in lent_acts(i)
	i.starts <= q.on
	not ended(i, q)
	is_number(q.about.amount)
	i.floor <= q.about.amount
	q.about.amount <= i.ceiling
	q.about.amount <= top(i, q.role) * 100
	q.about.circle in i.circles
	q.about.project_class in i.classes
}

lent_acts(i) := data.policy.lent.noting if i.charge == "look_after"

lent_acts(i) := data.policy.lent.acts if i.charge != "look_after"

ended(i, q) if {
	is_string(i.ends)
	i.ends < q.on
}

# Nothing is lent to a role that the policy does not lend to: top() is undefined for it.
top(i, role) := data.policy.lent.to[role] if i.charge != "full_additional_charge"

top(i, role) := data.policy.lent.full if {
	i.charge == "full_additional_charge"
	data.policy.lent.to[role]
}

# A place that is not known yet, or an officer posted nowhere in particular, is no hindrance.
posted(q) if {
	q.about.circle == ""
	q.about.division == ""
}

posted(q) if {
	count(q.circles) == 0
	count(q.divisions) == 0
}

posted(q) if q.about.circle in q.circles

posted(q) if q.about.division in q.divisions
