// Package claim is the door for whoever got money by a link: pages on the
// cabinet's origin below /l/ that need no account, no cookie and no script.
//
// What a browser may do is proven by what its page carries: first by the link,
// then by a pass that a right code gave, then by a plan. None of these is ever
// part of an address but the link itself; no page tells another site of it, no
// search engine keeps it, and nothing frames it. A link that never was, one
// that is over and one of a wrong form get the same answer.
package claim
