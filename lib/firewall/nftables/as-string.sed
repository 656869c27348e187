# A text becomes a string of C.
s/[\\"]/\\&/g
s/.*/"&\\n"/
