package console

import (
	"net/http"
	"strings"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/id"
	"rocketbank/internal/door/web"
)

// queueRows is how many lines a page of a queue holds, unless Deps say
// otherwise. Queues go by key: a line that moved on takes nobody's place.
const queueRows = 100

// cut takes the page out of a list that was asked for one line more, and tells
// whether something follows.
func cut[T any](list []T, rows int) ([]T, bool) {
	if len(list) > rows {
		return list[:rows], true
	}
	return list, false
}

// badCursor refuses the key of a page that is none: such a link is not ours.
func badCursor(err error) error { return web.ErrForm.Because(err) }

// clientCursor reads the key of a line that belongs to a client: «cl_….di_…».
func (d *Door) clientCursor(r *http.Request, text, prefix string) (client.ID, id.ID, error) {
	first, second, _ := strings.Cut(text, ".")
	uid, err := id.Parse(client.Prefix, first)
	if err != nil {
		return 0, id.ID{}, err
	}
	key, err := id.Parse(prefix, second)
	if err != nil {
		return 0, id.ID{}, err
	}
	who, err := d.Clients.ByUID(r.Context(), uid)
	return who, key, err
}
