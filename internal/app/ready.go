package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Ready is what the demo prints and writes to DATA/ready.json once everything
// listens: where each door is, and who lives in the bank.
type Ready struct {
	Cabinet  string   `json:"cabinet"`
	API      string   `json:"api"`
	Console  string   `json:"console"`
	Sandbox  string   `json:"sandbox"`
	Cardhost string   `json:"cardhost"`
	ACS      string   `json:"acs"`
	Partners string   `json:"partners"`
	Metrics  string   `json:"metrics"`
	People   []Person `json:"people"`
}

// Person is an example person of the demo.
type Person struct {
	Name     string `json:"name"`
	Phone    string `json:"phone"`
	Passcode string `json:"passcode"`
	CodeWord string `json:"code_word"`
	Token    string `json:"token"` // personal API token, scopes read and transfer
	// TokenKey is the private key that signs the token's orders (PKCS#8 PEM):
	// rocketbank api-sign takes it. Only the demo writes such a thing down.
	TokenKey string `json:"token_key"`
	// CardPIN is the PIN of his plastic card; empty: he has none.
	CardPIN string `json:"card_pin,omitempty"`
}

// Line is the line that scripts wait for.
func (r Ready) Line() string {
	return fmt.Sprintf("ready cabinet=%s api=%s console=%s sandbox=%s cardhost=%s acs=%s",
		r.Cabinet, r.API, r.Console, r.Sandbox, r.Cardhost, r.ACS)
}

func (r Ready) write(folder string) error {
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	path := filepath.Join(folder, "ready.json")
	if err := os.WriteFile(path+".part", append(b, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(path+".part", path)
}

// readPeople finds the example people of an earlier start: their tokens are
// stored only as hashes, so this file is the only place that knows them.
func readPeople(folder string) ([]Person, error) {
	b, err := os.ReadFile(filepath.Join(folder, "people.json")) // #nosec G304 -- our own file
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var people []Person
	return people, json.Unmarshal(b, &people)
}

func writePeople(folder string, people []Person) error {
	b, err := json.MarshalIndent(people, "", "  ")
	if err != nil {
		return err
	}
	path := filepath.Join(folder, "people.json")
	if err := os.WriteFile(path+".part", append(b, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(path+".part", path)
}
