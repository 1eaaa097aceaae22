"""Sentences of our own to certify translators on and to keep with them: what they were trained on may often not be given away."""

from __future__ import annotations

import numpy as np

from zoo.text import END, PADDING, UNKNOWN, Vocabulary, words_of

CLEAR = 0.75
"""A language is known for sure where it is so much less strange than the next: another one than ours never is, of those tried."""

SENTENCES: dict[str, tuple[str, ...]] = {
    "English": (
        "Two men are playing football.",
        "A dog runs through the water.",
        "A woman in a red dress is reading a book.",
        "Three children are sitting on a bench in the park.",
        "The old man with the white beard is waiting for the bus.",
        "A girl is jumping into a swimming pool while her brother watches.",
        "People are standing in front of a large building.",
        "A man with a guitar is singing on the street.",
        "Open the menu and choose the colour that you want to use for the text.",
        "In the beginning there was light upon the water, and the people saw that it was good.",
        "Two dogs, one black and one brown, are playing in the snow.",
        "A cook is preparing food in a kitchen.",
        "Stop!",
        "Who is this?",
        "The boy is riding his bike down a hill.",
        "A group of young people are having a picnic near a lake on a sunny day.",
        "A cat sleeps on the roof of a car.",
        "She is holding a small child in her arms.",
        "A worker in an orange vest is repairing the road.",
        "Many people are walking across the bridge at night.",
        "Click OK to save the document.",
        "Choose a font from the list.",
        "The file could not be opened.",
        "Select the cells that you want to copy.",
        "Press the Enter key to start a new line.",
        "This command deletes the selected row.",
        "You can change the size of the picture with the mouse.",
        "Enter the name of the table in the text box.",
    ),
    "German": (
        "Zwei Männer spielen Fußball.",
        "Ein Hund läuft durch das Wasser.",
        "Eine Frau in einem roten Kleid liest ein Buch.",
        "Drei Kinder sitzen auf einer Bank im Park.",
        "Der alte Mann mit dem weißen Bart wartet auf den Bus.",
        "Ein Mädchen springt in ein Schwimmbecken, während ihr Bruder zusieht.",
        "Menschen stehen vor einem großen Gebäude.",
        "Ein Mann mit einer Gitarre singt auf der Straße.",
        "Öffnen Sie das Menü und wählen Sie die Farbe, die Sie für den Text verwenden möchten.",
        "Am Anfang war Licht über dem Wasser, und das Volk sah, dass es gut war.",
        "Zwei Hunde, ein schwarzer und ein brauner, spielen im Schnee.",
        "Ein Koch bereitet in einer Küche Essen zu.",
        "Halt!",
        "Wer ist das?",
        "Der Junge fährt mit seinem Fahrrad einen Hügel hinunter.",
        "Eine Gruppe junger Leute macht an einem sonnigen Tag ein Picknick an einem See.",
        "Eine Katze schläft auf dem Dach eines Autos.",
        "Sie hält ein kleines Kind im Arm.",
        "Ein Arbeiter in einer orangen Weste repariert die Straße.",
        "Viele Menschen gehen nachts über die Brücke.",
        "Klicken Sie auf OK, um das Dokument zu speichern.",
        "Wählen Sie eine Schriftart aus der Liste.",
        "Die Datei konnte nicht geöffnet werden.",
        "Markieren Sie die Zellen, die Sie kopieren möchten.",
        "Drücken Sie die Eingabetaste, um eine neue Zeile zu beginnen.",
        "Dieser Befehl löscht die ausgewählte Zeile.",
        "Sie können die Größe des Bildes mit der Maus ändern.",
        "Geben Sie den Namen der Tabelle in das Textfeld ein.",
    ),
    "French": (
        "Deux hommes jouent au football.",
        "Un chien court dans l'eau.",
        "Une femme en robe rouge lit un livre.",
        "Trois enfants sont assis sur un banc dans le parc.",
        "Le vieil homme à la barbe blanche attend le bus.",
        "Une fille saute dans une piscine pendant que son frère la regarde.",
        "Des gens se tiennent devant un grand bâtiment.",
        "Un homme avec une guitare chante dans la rue.",
        "Ouvrez le menu et choisissez la couleur que vous voulez utiliser pour le texte.",
        "Au commencement, il y avait de la lumière sur les eaux, et le peuple vit que cela était bon.",
        "Deux chiens, un noir et un brun, jouent dans la neige.",
        "Un cuisinier prépare un repas dans une cuisine.",
        "Arrête !",
        "Qui est-ce ?",
        "Le garçon descend une colline à vélo.",
        "Un groupe de jeunes gens pique-nique au bord d'un lac par une journée ensoleillée.",
        "Un chat dort sur le toit d'une voiture.",
        "Elle tient un petit enfant dans ses bras.",
        "Un ouvrier en gilet orange répare la route.",
        "Beaucoup de gens traversent le pont la nuit.",
        "Cliquez sur OK pour enregistrer le document.",
        "Choisissez une police dans la liste.",
        "Le fichier n'a pas pu être ouvert.",
        "Sélectionnez les cellules que vous voulez copier.",
        "Appuyez sur la touche Entrée pour commencer une nouvelle ligne.",
        "Cette commande supprime la ligne sélectionnée.",
        "Vous pouvez modifier la taille de l'image avec la souris.",
        "Saisissez le nom de la table dans la zone de texte.",
    ),
    "Polish": (
        "Dwóch mężczyzn gra w piłkę nożną.",
        "Pies biegnie przez wodę.",
        "Kobieta w czerwonej sukience czyta książkę.",
        "Troje dzieci siedzi na ławce w parku.",
        "Stary człowiek z białą brodą czeka na autobus.",
        "Dziewczyna skacze do basenu, a jej brat patrzy.",
        "Ludzie stoją przed dużym budynkiem.",
        "Mężczyzna z gitarą śpiewa na ulicy.",
        "Otwórz menu i wybierz kolor, którego chcesz użyć w tekście.",
        "Na początku było światło nad wodami, a lud widział, że było dobre.",
        "Dwa psy, czarny i brązowy, bawią się w śniegu.",
        "Kucharz przygotowuje jedzenie w kuchni.",
        "Stój!",
        "Kto to jest?",
        "Chłopiec zjeżdża na rowerze ze wzgórza.",
        "Grupa młodych ludzi urządza piknik nad jeziorem w słoneczny dzień.",
        "Kot śpi na dachu samochodu.",
        "Ona trzyma małe dziecko na rękach.",
        "Robotnik w pomarańczowej kamizelce naprawia drogę.",
        "Wielu ludzi idzie nocą przez most.",
        "Kliknij przycisk OK, aby zapisać dokument.",
        "Wybierz czcionkę z listy.",
        "Nie można otworzyć pliku.",
        "Zaznacz komórki, które chcesz skopiować.",
        "Naciśnij klawisz Enter, aby rozpocząć nowy wiersz.",
        "To polecenie usuwa zaznaczony wiersz.",
        "Rozmiar obrazu można zmienić za pomocą myszy.",
        "Wprowadź nazwę tabeli w polu tekstowym.",
    ),
    "Russian": (
        "Двое мужчин играют в футбол.",
        "Собака бежит по воде.",
        "Женщина в красном платье читает книгу.",
        "Трое детей сидят на скамейке в парке.",
        "Старик с белой бородой ждёт автобус.",
        "Девочка прыгает в бассейн, а её брат смотрит.",
        "Люди стоят перед большим зданием.",
        "Мужчина с гитарой поёт на улице.",
        "Откройте меню и выберите цвет, который вы хотите использовать для текста.",
        "В начале был свет над водою, и увидел народ, что это хорошо.",
        "Две собаки, чёрная и коричневая, играют в снегу.",
        "Повар готовит еду на кухне.",
        "Стой!",
        "Кто это?",
        "Мальчик едет на велосипеде с холма.",
        "Группа молодых людей устроила пикник у озера в солнечный день.",
        "Кошка спит на крыше машины.",
        "Она держит на руках маленького ребёнка.",
        "Рабочий в оранжевом жилете чинит дорогу.",
        "Много людей идёт ночью по мосту.",
        "Нажмите кнопку «ОК», чтобы сохранить документ.",
        "Выберите шрифт из списка.",
        "Не удалось открыть файл.",
        "Выделите ячейки, которые нужно скопировать.",
        "Нажмите клавишу Enter, чтобы начать новую строку.",
        "Эта команда удаляет выделенную строку.",
        "Размер изображения можно изменить с помощью мыши.",
        "Введите имя таблицы в текстовое поле.",
    ),
    "Czech": (
        "Dva muži hrají fotbal.",
        "Pes běží vodou.",
        "Žena v červených šatech čte knihu.",
        "Tři děti sedí na lavičce v parku.",
        "Starý muž s bílým plnovousem čeká na autobus.",
        "Dívka skáče do bazénu a její bratr se dívá.",
        "Lidé stojí před velkou budovou.",
        "Muž s kytarou zpívá na ulici.",
        "Otevřete nabídku a vyberte barvu, kterou chcete použít pro text.",
        "Na počátku bylo světlo nad vodami a lid viděl, že je to dobré.",
        "Dva psi, černý a hnědý, si hrají ve sněhu.",
        "Kuchař připravuje jídlo v kuchyni.",
        "Stůj!",
        "Kdo je to?",
        "Chlapec jede na kole z kopce.",
        "Skupina mladých lidí má za slunečného dne piknik u jezera.",
        "Kočka spí na střeše auta.",
        "Drží v náručí malé dítě.",
        "Dělník v oranžové vestě opravuje silnici.",
        "Mnoho lidí jde v noci přes most.",
        "Klepnutím na OK uložíte dokument.",
        "Vyberte písmo ze seznamu.",
        "Soubor nelze otevřít.",
        "Vyberte buňky, které chcete kopírovat.",
        "Stisknutím klávesy Enter začnete nový řádek.",
        "Tento příkaz odstraní vybraný řádek.",
        "Velikost obrázku můžete změnit myší.",
        "Do textového pole zadejte název tabulky.",
    ),
}
"""By language: each list says the same."""


def sentences(vocabulary: Vocabulary) -> np.ndarray:
    """Those in the language that a vocabulary, of either side, knows best: objects `str` [sentences]."""
    strange = _strange(vocabulary)
    return _texts(min(strange, key=strange.__getitem__))


def known_to(vocabulary: Vocabulary) -> np.ndarray | None:
    """The same; `None` where no language stands out, as it may be none of ours."""
    strange = _strange(vocabulary)
    best, second, *_ = sorted(strange, key=strange.__getitem__)
    return _texts(best) if strange[best] < CLEAR * strange[second] else None


def _texts(language: str) -> np.ndarray:
    return np.array(SENTENCES[language], dtype=object)


def by_strangeness(vocabulary: Vocabulary, texts: np.ndarray) -> np.ndarray:
    """Places of `texts`, `str` [sentences], the least strange to a vocabulary first: int64 [sentences]."""
    costs, words = _costs(vocabulary, texts)
    return np.argsort(costs / words, kind="stable")


def _strange(vocabulary: Vocabulary) -> dict[str, float]:
    """How strange each language is to a vocabulary: what its words cost there, in nats a word."""
    found = {}
    for language in SENTENCES:
        costs, words = _costs(vocabulary, _texts(language))
        found[language] = float(costs.sum() / words.sum())
    return found


def _costs(vocabulary: Vocabulary, texts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What the words of each sentence cost a vocabulary, in nats, and how many there are: float64 and int64 [sentences].

    Ids go by frequency, so by Zipf's law an id costs about its logarithm: there are corpora with many words of another language.
    An unknown word costs twice the rarest; among byte-pairs, where it is one of unknown letters, as much as all its letters.
    """
    ids = vocabulary.encode(texts).ids if vocabulary.side == "source" else vocabulary.encode_target(texts)[0]
    words = [words_of(text) for text in texts]
    many = np.array([len(found) for found in words])
    unknown = 2.0 if vocabulary.kind == "word" else sum(len(word) for found in words for word in found) / many.sum()
    costs = np.where(ids == UNKNOWN, unknown * np.log(len(vocabulary)), np.log(np.maximum(ids, 1)))
    return np.where((ids == PADDING) | (ids == END), 0.0, costs).sum(1), many
