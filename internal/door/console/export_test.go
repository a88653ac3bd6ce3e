package console

import "rocketbank/internal/bank/staff"

// Route is a line of the table as tests walk it.
type Route struct {
	Method, Path string
	Machine      bool
	Visitor      bool
	Roles        staff.Roles
}

// Routes gives the table.
func (d *Door) Routes() []Route {
	var out []Route
	for _, rt := range d.routes() {
		out = append(out, Route{rt.method, rt.path, rt.who == machine, rt.who == visitor, rt.roles})
	}
	return out
}
