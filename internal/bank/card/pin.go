package card

// maxPIN is how many wrong PINs in a row block it, over cash machines, shops
// and the cabinet together.
const maxPIN = 3
