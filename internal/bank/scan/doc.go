// Package scan takes pictures of papers from strangers and keeps them.
//
// What comes is believed in nothing but its first bytes: JPEG, PNG, HEIC and
// PDF are known by them, everything else is refused. Size and pixels are
// looked at before anything is decoded, decoders run within bounds of memory
// and time, and what is kept is never what came: the picture is turned
// upright, made smaller and written anew, so no metadata and no second format
// hidden in the file survive. At rest it is ciphertext of class scan.
package scan

import (
	"time"

	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
)

// Prefix of the outside form of a scan's identifier, «sc_…».
const Prefix = "sc"

// The refusals, each with words that say what to do.
var (
	ErrEmpty     = fault.New(fault.Invalid, "scan.empty")      // nothing was sent
	ErrBig       = fault.New(fault.Invalid, "scan.big")        // more than 15 MB
	ErrKind      = fault.New(fault.Invalid, "scan.kind")       // none of the known formats
	ErrSVG       = fault.New(fault.Invalid, "scan.svg")        // a drawing or a page, not a photo
	ErrBroken    = fault.New(fault.Invalid, "scan.broken")     // does not decode, or is cut off
	ErrPixels    = fault.New(fault.Invalid, "scan.pixels")     // more than 50 megapixels
	ErrTiny      = fault.New(fault.Invalid, "scan.tiny")       // too small to be a picture at all
	ErrPages     = fault.New(fault.Invalid, "scan.pages")      // a PDF of more than five pages
	ErrNoPicture = fault.New(fault.Invalid, "scan.no_picture") // a PDF without pictures
	ErrLocked    = fault.New(fault.Invalid, "scan.locked")     // a PDF with a password
	ErrBusy      = fault.New(fault.Busy, "scan.busy")          // too many pictures are being read
	ErrHEIC      = fault.New(fault.Busy, "scan.heic")          // this server cannot run the decoder
	ErrMissing   = fault.New(fault.Missing, "scan.missing")    // no such scan of yours
)

// MaxBytes is what a file may weigh; doors bound the body of the route by it.
const MaxBytes = 15 << 20

// Limits say how much of a picture is taken.
const (
	maxPixels    = 50_000_000
	maxPages     = 5
	longSide     = 2400 // of the kept picture
	thumbSide    = 320
	readableSide = 1000 // a passport page below this is hard to read
	minSide      = 64
)

// Scan is a kept picture without the picture.
type Scan struct {
	ID            id.ID
	Kind          string // what was sent: jpeg, png, heic, pdf
	Width, Height int    // of the kept picture
	Sharpness     int    // per mille of a crisp page; see Blurred
	Look          uint64 // perceptual hash
	Created       time.Time
}

// blurredBelow is the sharpness under which small print is not readable.
const blurredBelow = 100

// Blurred tells that the picture is probably out of focus.
func (s Scan) Blurred() bool { return s.Sharpness < blurredBelow }

// Small tells that the picture has too few pixels for the print to be read.
func (s Scan) Small() bool { return max(s.Width, s.Height) < readableSide }

// Same tells that two pictures look alike: the same photo, perhaps saved again
// or made smaller.
func (s Scan) Same(other Scan) bool { return distance(s.Look, other.Look) <= alike }

// alike is how many of 64 bits of two looks may differ.
const alike = 6
