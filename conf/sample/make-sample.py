#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the sample's mentors.csv and mentees.csv: an invented first-year program, the same bytes on every run.

Nobody in it exists: given and family names of one culture are put together by lot. Most people are easy to place; the
last mentees are not, each for a reason of their own (see README.md), so that a proposal has something to explain.
"""
import csv
import pathlib
import random
import unicodedata

draw = random.Random(20260901)

NAMES = {
    "de": ("Anneke Bastian Carlotta Dietmar Elfriede Falk Gesine Henrik Isolde Jannis Kerstin Leonie Mathis Nele Ole".split(),
           "Amsel Birkholz Dornfeld Eichwald Fuchsberg Hasselbrink Kranich Lindhorst Moorkamp Rabenau Steinweg Wiesental".split()),
    "us": ("Abigail Brandon Chelsea Dustin Emerson Felicity Grayson Harper Isaiah Jocelyn Kendrick Laurel Mason".split(),
           "Ashdown Birchfield Clearwater Dunmore Everhart Fairbrook Greenlow Hollowell Larkmoor Merriweather Oakhurst".split()),
    "in": ("Aarav Bhavna Chetan Deepika Eshan Gauri Harini Ishaan Jayanti Kavya Lakshman Meera Nandini Omkar Pallavi".split(),
           "Ambekar Bhandarkar Chitnis Deshmane Gokharu Iyengarh Joshipura Kulkarne Mahajani Nambiyar Pattanaik".split()),
    "ng": ("Adaeze Babajide Chinonso Ebele Folasade Ikenna Kelechi Ngozi Obinna Temitope".split(),
           "Adewunmi Chukwuka Ekwueno Fadahunso Ibekwuru Nwachuku Ogunlana Okonjira".split()),
    "tr": ("Aylin Berkay Ceyda Deniz Elif Furkan Gizem Kerem".split(),
           "Akdağlı Bozkurtlu Çelikkol Demirtaşlı Gümüşoba Karaçalı Yıldızkent".split()),
    "pl": ("Agnieszka Bartosz Celina Dorota Grzegorz Jagoda Kacper Ludwika".split(),
           "Brzozowiak Dąbrowisko Gawroński Jaworzyna Kłosowiak Sosnowiecki Wierzbiak".split()),
    "es": ("Alejandra Benicio Catalina Esteban Inés Joaquín Lucía Mateo".split(),
           "Almendro Bosqueverde Campoflor Espinarejo Fuentelmar Montalbar Robledillo".split()),
    "vn": ("Bảo Châu Duy Hạnh Khánh Linh Minh Thảo".split(), "Đặngvu Hoàngle Lêvan Phạmtu Trầnho Vũan".split()),
    "ar": ("Amina Bilal Dalia Faris Hanan Idris Jamila Karim".split(),
           "Al-Bustani Al-Nakhil Bensalim Darwishi El-Zaytun Haddadin Qamari".split()),
    "cn": ("Bowen Chunhua Haoran Jiayi Meilin Ruoxi Yichen Zihan".split(), "Anlu Baiyun Chengxi Dongmei Fangshan Lanhe".split()),
    "fr": ("Armelle Bastien Clémence Élodie Gaspard Maëlle Thibault".split(),
           "Beauchêne Clairmont-Noé Duvallon Fontbrune Hautebois Rochelune".split()),
    "br": ("Beatriz Caio Davi Fernanda Isadora Thiago Yasmin".split(), "Arvoredo Campelino Ladeirão Montesclaro Pedralva Serranito".split()),
}
LANGUAGE = {"de": "German", "us": "English", "in": "Hindi", "ng": "Yoruba", "tr": "Turkish", "pl": "Polish", "es": "Spanish",
            "vn": "Vietnamese", "ar": "Arabic", "cn": "Mandarin", "fr": "French", "br": "Portuguese"}
ZONES = {"Europe/Berlin": ["de"] * 6 + ["tr", "pl", "es", "fr", "ar", "vn", "ng"],
         "America/New_York": ["us"] * 5 + ["es", "br", "ng", "cn", "fr", "vn"],
         "Asia/Kolkata": ["in"] * 7 + ["ar"]}
CAMPUS = {"Europe/Berlin": "Lakeside", "America/New_York": "Harbour", "Asia/Kolkata": "Garden City"}
FIELDS = ["Computer Science", "Mechanical Engineering", "Biology", "Economics", "History", "Mathematics", "Psychology", "Law",
          "Architecture", "Chemistry"]
SKILLS = ["Academic writing", "Calculus", "Linear algebra", "Programming in Python", "Statistics", "Lab reports",
          "Exam preparation", "Time management", "Public speaking", "Reading research papers", "Finding a room",
          "Student finance", "Making friends", "Group work", "Choosing courses", "Internship search"]
INTERESTS = ["Football", "Choir", "Climbing", "Chess", "Photography", "Cooking", "Hiking", "Board games", "Cricket",
             "Volunteering", "Film", "Gardening", "Running", "Theatre", "Open-source software", "Poetry"]
WHY_MENTOR = ["My own first year was hard and somebody helped me.", "I like explaining things.",
              "I want to give something back to the university.", "I would like to practise leading conversations.",
              "Somebody should tell new people where the good coffee is,\nand how to survive the first exams."]
WHY_MENTEE = ["I am the first in my family to study.", "I just moved here and know nobody.",
              "I want to find out which courses suit me.", "School was easy, and now I am not so sure any more.",
              "I would like somebody to talk to who is not my lecturer."]
DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
LONG = ["Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays"]

used = set()


def name(culture):
    given, family = NAMES[culture]
    while True:
        pair = draw.choice(given), draw.choice(family)
        if pair not in used:
            used.add(pair)
            return pair


def plain(text):
    """The letters of an address: accents gone."""
    text = unicodedata.normalize("NFD", text.lower()).translate(str.maketrans("łıđß", "lids"))
    return "".join(c for c in text if c.isascii() and (c.isalnum() or c == "-"))


def clock(hour, half, style):
    minute = 30 if half else 0
    if style == "short":
        return f"{hour}" if not minute else f"{hour}:{minute}"
    return f"{hour:02}:{minute:02}"


def times(count, early=9, late=18):
    """Some weekly times, as different people write them."""
    style, spans = draw.choice(["colon", "colon", "short", "pm"]), []
    for day in sorted(draw.sample([0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 5], count)):
        start = draw.randint(early, late)
        length = draw.choice([2, 2, 3, 4])
        end = min(start + length, 23)
        if style == "pm" and start >= 13:
            spans.append(f"{LONG[day]} {start - 12}-{end - 12} pm")
        else:
            half = draw.random() < 0.2
            kind = "short" if style == "short" else "colon"
            spans.append(f"{DAYS[day]} {clock(start, half, kind)}-{clock(end, False, kind)}")
    return "; ".join(dict.fromkeys(spans))


def languages(culture, split):
    own = LANGUAGE[culture]
    found = {own: "native"}
    if draw.random() < 0.96:
        found.setdefault("English", draw.choice(["fluent", "advanced"]))
    if draw.random() < 0.25:
        found.setdefault(draw.choice(["German", "French", "Spanish", "Hindi", "Arabic"]), draw.choice(["intermediate", "beginner"]))
    return split.join(f"{language} ({level})" for language, level in found.items())


def person(number, prefix, zone=None):
    zone = zone or draw.choices(list(ZONES), [45, 30, 25])[0]
    culture = draw.choice(ZONES[zone])
    given, family = name(culture)
    host = "example.edu" if draw.random() < 0.9 else "example.org"
    return {"id": f"{prefix}{number:04}", "given": given, "family": family, "culture": culture, "zone": zone,
            "mail": f"{plain(given)}.{plain(family)}@{host}", "field": draw.choice(FIELDS)}


def stamp(number):
    return f"2026-0{8 + number // 100}-{1 + number % 28:02} {8 + number % 12:02}:{number * 7 % 60:02}:{number * 13 % 60:02}"


def naming(one):
    return draw.choice([f"{one['given']} {one['family']}", one["mail"], one["id"]])


def several(things, low, high, split):
    return split.join(draw.sample(things, draw.randint(low, high)))


AGREED = "Yes, I have read how my answers are used"
MENTOR_HEADER = ["Timestamp", "Email Address", "First name", "Last name", "University ID", "What is your field of study?",
                 "Year of study", "Campus", "Time zone you live in", "Which languages do you speak?",
                 "What can you help a first-year student with?", "What are your interests?",
                 "When are you available each week? (your local time, e.g. Mon 14:00-16:00; Wed 9-11)",
                 "How many mentees can you take?", "Why do you want to be a mentor?",
                 "Would you like to be matched with somebody in particular?",
                 "Is there anybody you should not be matched with? (seen by the safeguarding lead only)",
                 "I agree to the use of my answers"]
MENTEE_HEADER = ["Timestamp", "Email Address", "First name", "Last name", "University ID", "What is your field of study?", "Campus",
                 "Time zone you live in", "Which languages do you speak?", "What would you like help with?",
                 "What are your interests?",
                 "When are you available each week? (your local time, e.g. Mon 14:00-16:00; Wed 9-11)",
                 "Why do you want a mentor?", "Would you like to work with a certain mentor? (up to three, the most wanted first)",
                 "Is there anybody you would rather not be matched with? (seen by the safeguarding lead only)",
                 "If so, would you tell us why?", "I agree to the use of my answers"]


def make_mentors():
    zones = ["Europe/Berlin"] * 36 + ["America/New_York"] * 24 + ["Asia/Kolkata"] * 20
    mentors = [person(i + 1, "S", zones[i]) for i in range(80)]
    places = [1] * 20 + [2] * 28 + [3] * 22 + [4] * 10
    draw.shuffle(places)
    for one, capacity in zip(mentors, places):
        one.update(capacity=draw.choice([str(capacity)] * 4 + [f"up to {capacity}"]), wish="", objection="",
                   times=times(draw.randint(2, 4)), languages=languages(one["culture"], ";"),
                   skills=several(SKILLS, 3, 6, ";"), interests=several(INTERESTS, 1, 4, ";"))
    return mentors


def make_mentees(mentors):
    zones = ["Europe/Berlin"] * 82 + ["America/New_York"] * 56 + ["Asia/Kolkata"] * 44
    draw.shuffle(zones)
    mentees = [person(i + 1, "F", zones[i] if i < len(zones) else "Europe/Berlin") for i in range(190)]
    for one in mentees:
        one.update(wish="", objection="", reason="", times=times(draw.randint(2, 4)), languages=languages(one["culture"], ", "),
                   skills=several(SKILLS, 2, 4, ", "), interests=several(INTERESTS, 1, 4, ", "))
    for one in draw.sample(mentees[:182], 45):
        near = [m for m in mentors if m["zone"] == one["zone"]]
        one["wish"] = ", ".join(naming(m) for m in draw.sample(near, draw.randint(1, 3)))
    for one in draw.sample(mentees[:182], 7):
        near = [m for m in mentors if m["zone"] == one["zone"]]
        one["objection"] = naming(draw.choice(near))
        one["reason"] = draw.choice(["We are related.", "We worked together before and it did not go well.", ""])
    for one in draw.sample(mentors, 9):
        one["wish"] = naming(draw.choice([m for m in mentees[:182] if m["zone"] == one["zone"]]))
    for one in draw.sample(mentors, 4):
        one["objection"] = naming(draw.choice([m for m in mentees[:182] if m["zone"] == one["zone"]]))
    return mentees


def make_hard(mentees):
    """The last eight mentees, each hard to place for another reason."""
    hard = mentees[182:]
    hard[0].update(languages="Quechua (native)")
    hard[1].update(languages="Inuktitut (native)")
    hard[2].update(times="Sun 3:00-5:00")
    hard[3].update(times="Sat 22:30-24:00; Sun 5-7")
    hard[4].update(zone="Asia/Kolkata", times="Mon 1:00-2:30; Tue 1:00-2:30")
    hard[5].update(times="")
    hard[6].update(languages="Georgian (native), Armenian (fluent)", times="Fri 9-10")
    hard[7].update(skills="", interests="", languages="English (beginner)", times="Wed 6:30-7:15")


def write(path, header, rows):
    with open(path, "w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def main():
    folder = pathlib.Path(__file__).resolve().parent
    mentors = make_mentors()
    mentees = make_mentees(mentors)
    make_hard(mentees)
    write(folder / "mentors.csv", MENTOR_HEADER, (
        [stamp(i), m["mail"], m["given"], m["family"], m["id"], m["field"], draw.randint(2, 5), CAMPUS[m["zone"]], m["zone"],
         m["languages"], m["skills"], m["interests"], m["times"], m["capacity"], draw.choice(WHY_MENTOR), m["wish"], m["objection"],
         AGREED] for i, m in enumerate(mentors)))
    write(folder / "mentees.csv", MENTEE_HEADER, (
        [stamp(i), m["mail"], m["given"], m["family"], m["id"], m["field"], CAMPUS[m["zone"]], m["zone"], m["languages"],
         m["skills"], m["interests"], m["times"], draw.choice(WHY_MENTEE), m["wish"], m["objection"], m["reason"], AGREED]
        for i, m in enumerate(mentees)))


if __name__ == "__main__":
    main()
