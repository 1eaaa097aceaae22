"""Pictures as people have them → arrays as models take them: the same for training on pictures and for asking a model.

    decode.py       a file or bytes → a decoded Pillow image
    grey.py         an image → uint8 grey, and which way round it is
    framing.py      any size → the model's, scaled whole or the subject cut out and centred
    prepare.py      all of it, as a model's metadata say
    idx.py          the files of MNIST: bytes ↔ array

NumPy alone; Pillow is imported where a picture is decoded.
"""
