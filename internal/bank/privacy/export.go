package privacy

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// JSON writes the data for a machine: indented, every time in UTC, sums as
// «-1234.56». The same data give the same bytes.
func (d Data) JSON() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(d.filled()); err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	return b.Bytes(), nil
}

// filled makes empty lists of absent ones: «[]» says that there is nothing.
func (d Data) filled() Data {
	d.Papers, d.Cards, d.Operations = some(d.Papers), some(d.Cards), some(d.Operations)
	d.Devices, d.Sessions, d.Passkeys, d.Logins, d.Tokens = some(d.Devices), some(d.Sessions), some(d.Passkeys), some(d.Logins), some(d.Tokens)
	d.Consents, d.Looks, d.Applications, d.Deletions = some(d.Consents), some(d.Looks), some(d.Applications), some(d.Deletions)
	d.Disputes, d.Internet = some(d.Disputes), some(d.Internet)
	return d
}

func some[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
