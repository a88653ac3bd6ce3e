package web

import "net/http"

// Address is Visit.IP for a door that does not stand behind Wrap: where a
// request really comes from, as counters are to see it. Forwarded headers of strangers are dropped on the way.
func (f *Front) Address(r *http.Request) string { return f.proxies.visitor(r) }
