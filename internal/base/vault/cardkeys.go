package vault

// CardKeySize is how long the keys are that cards are made with: a
// double-length TDES key, or one of AES-128.
const CardKeySize = 16

// CardKey gives the key of cards with a name, such as «imk-ac». It is derived
// from what a rotation leaves alone, as grow does for keys that came late: a
// card in somebody's pocket keeps the keys it was made with, so these never
// change, and every process that reads the same key set has the same ones.
// They are for room hsm alone.
func (v *Vault) CardKey(name string) ([]byte, error) {
	m := v.state.Load().keys.m
	key, err := derived(m.secret(), "card "+name)
	if err != nil {
		return nil, err
	}
	return key[:CardKeySize], nil
}
