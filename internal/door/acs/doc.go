// Package acs is the door of the bank's access control server: where shops'
// questions about purchases in the internet come in, and where their buyers
// are challenged (EMV 3-D Secure 2.2.0, browser channel).
//
// It stands on a listener and an origin of its own, because everything here
// comes from other sites by nature: the directory posts JSON, a shop's page
// posts the buyer's browser into a frame. So no cookie of the cabinet is known
// here, the routes that others post to are named in one list (CrossSite), and
// what a browser may do is proven by a token in the page itself. The door's own
// cookies are partitioned by the shop that frames it and only spare a reader
// the loss of a page that is loaded again.
//
// Machines get answers of the protocol, an Erro for whatever cannot be taken;
// people get a page in words, and never a redirect that a stranger's message
// chose: the only ways out are the addresses of a question that the bank has
// answered.
package acs
