// Package console is the staff's web app, on an origin and with a cookie of its
// own.
//
// The routes stand in one table (routes.go) with who may use them: nobody, any
// member, or members with one of some roles; the rights are read anew at each
// request. What is told of a client is masked until the member opens it with a
// case of his own and a reason; room staff decides that, this door only asks.
// Every flow is links and posted forms; only the passkey needs a script.
package console
