package console

// applicationRoutes are the pages of the managers who take clients on: the
// queue, the call card, the viewer of scans and the decision. The table of
// routes appends them.
func (d *Door) applicationRoutes() []route { return nil }
