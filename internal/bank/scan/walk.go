package scan

import (
	"bytes"
	"encoding/binary"
)

// hostile are the beginnings of other formats that a file may be at the same
// time. None of it would survive, since the picture is written anew, but who
// sends such a file means no good.
func hostile(part []byte) bool {
	for _, mark := range [...]string{"%PDF-", "PK\x03\x04", "PK\x05\x06", "Rar!\x1a", "7z\xbc\xaf", "\x7fELF", "MZ\x90\x00"} {
		if bytes.Contains(part, []byte(mark)) {
			return true
		}
	}
	low := bytes.ToLower(part)
	for _, mark := range [...]string{"<script", "<html", "<svg", "<!doctype", "<?php", "<iframe", "javascript:"} {
		if bytes.Contains(low, []byte(mark)) {
			return true
		}
	}
	return false
}

// walkJPEG looks at everything in a JPEG that is no picture: its segments and
// what stands behind its end. It gives the EXIF orientation, 1 when there is none.
func walkJPEG(raw []byte) (turn int, err error) {
	turn = 1
	at := 2
	for at+2 <= len(raw) {
		if raw[at] != 0xff {
			return 0, ErrBroken
		}
		marker := raw[at+1]
		switch {
		case marker == 0xff: // fill byte
			at++
			continue
		case marker == 0xd9: // the end
			return turn, behind(raw[at+2:])
		case marker >= 0xd0 && marker <= 0xd7, marker == 0x01:
			at += 2
			continue
		case at+4 > len(raw):
			return 0, ErrBroken
		}
		n := int(binary.BigEndian.Uint16(raw[at+2:]))
		if n < 2 || at+2+n > len(raw) {
			return 0, ErrBroken
		}
		body := raw[at+4 : at+2+n]
		if marker >= 0xe0 && marker <= 0xef || marker == 0xfe {
			if hostile(body) {
				return 0, ErrBroken
			}
			if marker == 0xe1 && bytes.HasPrefix(body, []byte("Exif\x00\x00")) {
				turn = orientation(body[6:])
			}
		}
		at += 2 + n
		if marker == 0xda { // coded picture: goes on until the next real marker
			for at+1 < len(raw) && (raw[at] != 0xff || raw[at+1] == 0 || raw[at+1] >= 0xd0 && raw[at+1] <= 0xd7 || raw[at+1] == 0xff) {
				at++
			}
		}
	}
	return 0, ErrBroken // no end: it was cut off on its way
}

// behind judges what stands behind the end of a picture. Phones leave depth
// maps and short films there, which are thrown away; other formats are refused.
func behind(tail []byte) error {
	if hostile(tail) {
		return ErrBroken
	}
	return nil
}

// walkPNG looks at the chunks of a PNG; nothing may stand behind the last.
func walkPNG(raw []byte) error {
	at := 8
	for at+12 <= len(raw) {
		n := int(binary.BigEndian.Uint32(raw[at:]))
		kind := string(raw[at+4 : at+8])
		if n > len(raw)-at-12 {
			return ErrBroken
		}
		if kind != "IDAT" && hostile(raw[at+8:at+8+n]) {
			return ErrBroken
		}
		at += 12 + n
		if kind == "IEND" {
			if len(raw) > at {
				return ErrBroken
			}
			return nil
		}
	}
	return ErrBroken
}

// orientation reads tag 0x0112 of the first directory of an EXIF block (TIFF
// 6.0); 1, upright, when it is not there.
func orientation(tiff []byte) int {
	if len(tiff) < 8 {
		return 1
	}
	var order binary.ByteOrder
	switch string(tiff[:2]) {
	case "II":
		order = binary.LittleEndian
	case "MM":
		order = binary.BigEndian
	default:
		return 1
	}
	at := int64(order.Uint32(tiff[4:]))
	if at+2 > int64(len(tiff)) {
		return 1
	}
	n := int64(order.Uint16(tiff[at:]))
	for i := range n {
		e := at + 2 + 12*i
		if e+12 > int64(len(tiff)) {
			return 1
		}
		if order.Uint16(tiff[e:]) == 0x0112 {
			if v := int(order.Uint16(tiff[e+8:])); v >= 1 && v <= 8 {
				return v
			}
			return 1
		}
	}
	return 1
}
