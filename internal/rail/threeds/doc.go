// Package threeds reads and writes the messages of EMV 3-D Secure 2.2.0: the
// talk of a shop's 3DS Server, a directory server and an issuer's access
// control server (ACS) about one internet purchase.
//
//	AReq → ARes                 the shop asks, the issuer decides
//	CReq → (the challenge)      the buyer's browser comes to the issuer
//	RReq → RRes                 the issuer tells the directory how it ended
//	CRes                        the browser is sent back to the shop
//
// Names in JSON are those of the protocol; names in Go are ours. A Parse
// function gives either a message in which every element that we know is of
// the form the protocol asks for, or the Erro that answers it. Elements we do
// not know are passed over. Nothing here decides about a purchase, keeps state
// or opens a connection.
//
// The package also holds the issuer's own authentication value (value.go): the
// twenty bytes that the shop sends with the authorisation and the issuer
// checks there.
package threeds

import "rocketbank/internal/rail/strictjson"

// Version is the one version of the protocol that is spoken here.
const Version = "2.2.0"

// Limits of a message.
const (
	MaxBody    = 64 << 10 // the protocol's own bound, with extensions, is a little higher
	MaxNesting = 16       // objects and arrays within each other, the message itself included

	// MaxSessionData is how long threeDSSessionData may be; the ACS gives it
	// back unread.
	MaxSessionData = 1024
)

// strictjson must let pass what is judged here.
var _ [strictjson.MaxDepth - MaxNesting]struct{}
