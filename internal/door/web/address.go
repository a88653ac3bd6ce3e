package web

import "net/http"

// Address tells where a request really comes from, for a door that does not
// stand behind Wrap. Forwarded headers of strangers are dropped on the way.
func (f *Front) Address(r *http.Request) string { return f.proxies.visitor(r) }
