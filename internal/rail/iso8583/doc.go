// Package iso8583 is the language in which a card network and a card's issuer
// talk: ISO 8583 in its edition of 1987, over a stream of frames.
//
// A Message is a type (0100: an authorisation is asked for) and numbered
// fields. A Spec is the profile of one link: which fields it knows, how long
// each is and how its bitmap is written; Pack and Unpack turn a message into
// the body of a frame and back under such a profile. Reader and Writer cut a
// stream into frames under a Header. The rest are the parts of fields that the
// standard leaves to the reader: original data elements, additional amounts,
// dates without a year, rates, track 2.
//
// Nothing here guesses. An unknown field has no length that could be skipped,
// so it refuses the frame; so do bytes behind the last field, and a third
// bitmap. A refusal is a *FormatError that names field, place and reason, and
// never a value. A Message prints masked wherever it is printed: no card
// number, track, PIN block or chip data get into a log by mistake.
package iso8583
