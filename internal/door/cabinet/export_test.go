package cabinet

// RouteRow is a line of the route table for the tests that walk it.
type RouteRow struct {
	Method, Path                       string
	Machine, Visitor, Insider, Watcher bool
	Entry                              bool // a way in: whoever comes, comes as anybody does
}

// Table gives the route table.
func (d *Door) Table() []RouteRow {
	var out []RouteRow
	for _, rt := range d.routes() {
		out = append(out, RouteRow{rt.method, rt.path, rt.who == machine, rt.who == visitor, rt.who == insider, rt.who == watcher, rt.entry})
	}
	return out
}
