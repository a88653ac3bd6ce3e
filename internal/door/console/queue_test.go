package console_test

import (
	"fmt"
	"html"
	"net/http"
	"regexp"
	"slices"
	"testing"

	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/id"
)

var (
	nextPage = regexp.MustCompile(`rel="next" href="([^"]+)"`)
	rowLink  = regexp.MustCompile(`data-row href="([^"]+)"`)
)

// walks follows a queue from page to page and gives the lines of each.
func (b *browser) walks(path string) (pages [][]string) {
	b.d.Helper()
	for path != "" {
		got := b.get(path)
		if got.status != http.StatusOK {
			b.d.Fatalf("%s: %d", path, got.status)
		}
		var rows []string
		for _, m := range rowLink.FindAllStringSubmatch(got.body, -1) {
			rows = append(rows, m[1])
		}
		pages = append(pages, rows)
		path = ""
		if m := nextPage.FindStringSubmatch(got.body); m != nil {
			path = html.UnescapeString(m[1])
		}
		if len(pages) > 10 {
			b.d.Fatal("the queue has no end")
		}
	}
	return pages
}

// Queues go on by key: every line is on one page, a line that moves on while
// somebody reads takes no other with it, and a key that is none is refused.
func TestQueuesGoOn(t *testing.T) {
	each(t, func(d *desk) {
		d.door.QueueRows = 2
		who := d.takenOn(8)
		for i := range 3 {
			d.ordersPlastic(who)
			d.opensDispute(who, 10+i)
			d.clears(fmt.Sprint("STRANGE-", i), d.strangeRecord(20+i))
		}
		officer := d.as("card_officer")
		for path, want := range map[string][]int{"/deliveries?state=ordered": {2, 1}, "/disputes?state=open": {2, 1}, "/breaks": {2, 2, 2}} {
			seen := map[string]bool{}
			var sizes []int
			for _, page := range officer.walks(path) {
				sizes = append(sizes, len(page))
				for _, row := range page {
					if seen[row] {
						t.Errorf("%s shows %s twice", path, row)
					}
					seen[row] = true
				}
			}
			if !slices.Equal(sizes, want) {
				t.Errorf("%s has pages of %v, want %v", path, sizes, want)
			}
		}
		first := officer.get("/deliveries?state=ordered").body
		next := html.UnescapeString(nextPage.FindStringSubmatch(first)[1])
		last := rowLink.FindAllStringSubmatch(first, -1)[1][1]
		before := officer.walks(next)
		officer.post(last, "act", "made").to(d) // the very line that the next page begins after
		if after := officer.walks(next); !slices.Equal(after[0], before[0]) {
			t.Errorf("the next page was %v and is %v", before, after)
		}
		uid := (id.ID{9}).Text(client.Prefix)
		for _, path := range []string{
			"/deliveries?after=x", "/deliveries?after=" + uid + "." + (id.ID{9}).Text(card.Prefix), "/disputes?after=" + uid, "/disputes?after=%00",
			"/breaks?after=1", "/breaks?after=00000000000000000000099%2F1",
		} {
			if got := officer.get(path); got.status != http.StatusBadRequest {
				t.Errorf("%s: %d", path, got.status)
			}
		}
		manager := d.as("manager")
		for _, after := range []string{"x", (id.ID{9}).Text("ap")} {
			if got := manager.get("/applications?after=" + after); got.status != http.StatusBadRequest {
				t.Errorf("applications after %s: %d", after, got.status)
			}
		}
	})
}
