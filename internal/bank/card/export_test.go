package card

// Pure parts, tested by themselves.
var (
	Embossed     = embossed
	Luhn         = luhn
	UnpackRules  = unpackRules
	MerchantName = merchantName
)

// Pack gives the stored form of rules.
func (r Rules) Pack() (string, error) { return r.pack() }

// Checked gives rules in their one form.
func (r Rules) Checked() (Rules, error) { return r.checked() }

// Switches lists every word of a switch.
func Switches() []Switch {
	var r Rules
	out := []Switch{SwitchCountry, SwitchMCC, SwitchMerchant, SwitchOneShot}
	for _, s := range r.switches() {
		out = append(out, s.name)
	}
	for _, c := range r.caps() {
		out = append(out, c.name)
	}
	return out
}

// Replay lets the past happen again.
func (r Rules) Replay(past []Past) []Hit { return r.replay(past) }
