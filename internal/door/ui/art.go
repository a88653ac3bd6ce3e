package ui

import "github.com/a-h/templ"

// The pictures: bank cards, the planet of the success page, the calm sky beside
// a login. All drawn here, none of them carries a meaning.

func artClass(a Art) string {
	switch a {
	case Flame:
		return "flame"
	case Mint:
		return "mint"
	}
	return "night"
}

func art(a Art) templ.Component {
	switch a {
	case Flame:
		return write(artFlame)
	case Mint:
		return write(artMint)
	}
	return write(artNight)
}

const artNight = `<svg class="art" viewBox="0 0 244 150" preserveAspectRatio="xMaxYMid slice" aria-hidden="true"><circle cx="214" cy="122" r="52" fill="#FF7A1F"/><circle cx="198" cy="108" r="52" fill="#FF9A52" opacity=".35"/><g fill="none" stroke="#fff" stroke-opacity=".22" stroke-width="1.4"><circle cx="214" cy="122" r="78"/><circle cx="214" cy="122" r="108"/></g><circle cx="160" cy="65" r="6" fill="#BFEFDB"/><g fill="#fff" opacity=".7"><circle cx="190" cy="24" r="1.3"/><circle cx="228" cy="44" r="1.3"/><circle cx="130" cy="30" r="1.1"/><circle cx="92" cy="56" r="1.2"/></g></svg>`

const artFlame = `<svg class="art" viewBox="0 0 244 150" preserveAspectRatio="xMaxYMid slice" aria-hidden="true"><circle cx="206" cy="30" r="86" fill="#FF9A4D"/><circle cx="206" cy="30" r="56" fill="#FFB77D"/><circle cx="206" cy="30" r="28" fill="#FFE3CB"/><circle cx="226" cy="132" r="7" fill="#1D1730"/><path d="M130 101a104 104 0 0 0 76 33 104 104 0 0 0 60-19" fill="none" stroke="#1D1730" stroke-opacity=".35" stroke-width="1.6" stroke-dasharray="2 7" stroke-linecap="round"/></svg>`

const artMint = `<svg class="art" viewBox="0 0 244 150" preserveAspectRatio="xMaxYMid slice" aria-hidden="true"><ellipse cx="206" cy="66" rx="70" ry="22" transform="rotate(-24 206 66)" fill="none" stroke="#0B7152" stroke-opacity=".35" stroke-width="7"/><circle cx="206" cy="66" r="32" fill="#7FDDB7"/></svg>`

// Planet is the picture of a success: on a fresh one its moon makes one turn.
func Planet() templ.Component {
	return write(`<svg class="planet" viewBox="0 0 132 132" aria-hidden="true"><circle cx="66" cy="66" r="62" fill="#1D1730"/><g fill="none" stroke="#fff" stroke-opacity=".2" stroke-width="1.5"><circle cx="66" cy="66" r="49"/></g><circle cx="66" cy="66" r="30" fill="#FF7A1F"/><circle cx="58" cy="58" r="20" fill="#FF9A52" opacity=".55"/><g fill="#fff" opacity=".8"><circle cx="30" cy="38" r="1.4"/><circle cx="100" cy="34" r="1.2"/><circle cx="104" cy="92" r="1.4"/><circle cx="34" cy="96" r="1.1"/></g><g class="orbit"><circle cx="101" cy="31" r="11" fill="#1D1730"/><circle cx="101" cy="31" r="9" fill="#BFEFDB"/><path d="m97 31 3 3 5.4-6" fill="none" stroke="#0B5540" stroke-width="2.4" stroke-linecap="round" stroke-linejoin="round"/></g></svg>`)
}

// Adrift is the picture of a page that is not there and of a lost network.
func Adrift() templ.Component {
	return write(`<svg class="planet" viewBox="0 0 132 132" aria-hidden="true"><circle cx="66" cy="66" r="62" fill="#1D1730"/><g fill="none" stroke="#fff" stroke-opacity=".2" stroke-width="1.5" stroke-dasharray="3 7" stroke-linecap="round"><circle cx="66" cy="66" r="42"/></g><circle cx="42" cy="84" r="20" fill="#FF7A1F"/><circle cx="37" cy="79" r="13" fill="#FF9A52" opacity=".55"/><circle cx="98" cy="40" r="9" fill="#BFEFDB"/><g fill="#fff" opacity=".8"><circle cx="60" cy="28" r="1.4"/><circle cx="84" cy="72" r="1.2"/><circle cx="96" cy="94" r="1.5"/><circle cx="30" cy="48" r="1.1"/></g></svg>`)
}

func skyArt() templ.Component {
	return write(`<svg viewBox="0 0 700 800" preserveAspectRatio="xMidYMid slice"><rect width="700" height="800" fill="#1D1730"/><g fill="none" stroke="#fff" stroke-opacity=".14" stroke-width="1.6"><circle cx="520" cy="640" r="300"/><circle cx="520" cy="640" r="420"/><circle cx="520" cy="640" r="560"/></g><circle cx="520" cy="640" r="200" fill="#FF7A1F"/><circle cx="462" cy="584" r="200" fill="#FF9A52" opacity=".3"/><circle cx="284" cy="456" r="26" fill="#BFEFDB"/><circle cx="277" cy="449" r="16" fill="#DDF8EC" opacity=".5"/><circle cx="350" cy="107" r="12" fill="#CBA2FA"/><g transform="translate(142 214) rotate(34)"><path d="M0-46C16-32 22-12 22 6v30h-44V6c0-18 6-38 22-52z" fill="#F5F2F9"/><path d="M-27 6c-10 8-14 18-14 32v10l14-9zM27 6c10 8 14 18 14 32v10l-14-9z" fill="#CBA2FA"/><circle cy="-6" r="10" fill="#1D1730"/><circle cy="-6" r="6" fill="#BFEFDB"/><path d="M-13 42h26c-1 14-5 24-13 34-8-10-12-20-13-34z" fill="#FF8A3A"/></g><g fill="#fff" opacity=".75"><circle cx="96" cy="96" r="2"/><circle cx="228" cy="60" r="1.6"/><circle cx="470" cy="130" r="2"/><circle cx="604" cy="70" r="1.5"/><circle cx="640" cy="250" r="2"/><circle cx="420" cy="276" r="1.5"/><circle cx="70" cy="380" r="1.7"/><circle cx="180" cy="600" r="2"/><circle cx="90" cy="720" r="1.5"/><circle cx="548" cy="352" r="1.5"/></g></svg>`)
}
