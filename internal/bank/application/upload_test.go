package application_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"rocketbank/internal/bank/access/accesstest"
	"rocketbank/internal/bank/application"
	"rocketbank/internal/bank/scan"
)

// W09: pictures of one application are counted whatever came of them, by the
// bank day and in all; who sent enough is told so before anything is decoded.
func TestW09_UploadQuota(t *testing.T) {
	each(t, func(w *world, c *moving) {
		h := application.ByFlow(w.Ordered(anya))
		if _, err := w.Apply.Open(bg, h); err != nil {
			w.Fatal(err)
		}
		send := func(raw []byte) error {
			_, err := w.Apply.Upload(bg, h, application.PageMain, bytes.NewReader(raw))
			return err
		}
		if err := send(accesstest.Photo(1)); err != nil {
			w.Fatal(err)
		}
		sent := 1
		for day := range 5 {
			for ; ; sent++ {
				err := send([]byte("no picture"))
				if errors.Is(err, application.ErrUploads) {
					break
				}
				wants(w, "no picture", err, scan.ErrKind)
				if sent > 200 {
					w.Fatal("the quota never ends")
				}
			}
			if want := min(30*(day+1), 100); sent != want {
				w.Errorf("day %d: %d pictures, want %d", day, sent, want)
			}
			wants(w, "a good one above the quota", send(accesstest.Photo(2)), application.ErrUploads)
			c.now = c.now.Add(24 * time.Hour)
			h = application.ByFlow(w.Ordered(anya))
		}
		if v, err := w.Apply.Open(bg, h); err != nil || !v.Pages[0].Have {
			w.Error("what was sent before is kept:", err)
		}
	})
}
